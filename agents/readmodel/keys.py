"""The catalogue of keys: what Tallygate keeps in Redis, under which names, in which shapes, and for how long.

All keys of one Tallygate share the hash tag `{<topic prefix>}`, and so one slot: a decision moves its bill from one
ledger to another in one script call, which Redis allows only within a slot. `v1` is the version of the shapes; a new
version begins beside the old one, whose keys then expire.
"""

from typing import Final

import msgspec

from stream.periods import CONVEYANCE
from stream.postings import US_321

VERSION: Final = "v1"


class Key(msgspec.Struct, frozen=True):
    """One kind of key."""

    name: str
    """Its name after the prefix, with placeholders."""
    type: str
    """Its type in Redis."""
    shape: str
    """Its content."""
    owner: str
    """The only process that writes it."""
    life: str = "`KEEP_DAYS` after its last change"
    """When it expires."""


OWNER: Final = "projection (`apply.lua`)"

CATALOGUE: Final = (
    Key(
        "positions",
        "hash",
        "`at:<topic>/<partition>`: offset up to which the topic is applied; `fresh:<topic>/<partition>`: time (ms) "
        "when nothing was left to read; `partitions`: how many partitions the topic has; `sweeping`: token of a sweep",
        "projection (`apply.lua`), `rebuild read-model`",
        "`KEEP_DAYS` after the last run; one day while a sweep's mark is in it",
    ),
    Key(
        "bill:<bill>",
        "hash",
        "conveyance → current decision: rank (46 digits: epoch 16; version, posting, revision 10 each), when the bill "
        "was first stated (17 digits, µs), cents that count `|` consignee/ledger `|` the decision event as it was sent",
        OWNER,
    ),
    Key(
        "total:<consignee>/<ledger>",
        "string",
        "the released total in cents, sum of what counts; no key where it is 0",
        OWNER,
    ),
    Key(
        "bills:<consignee>/<ledger>",
        "zset",
        "`<conveyance> <bill>` of each bill whose current decision is in the ledger; score: when it was first stated "
        "(µs)",
        OWNER,
        "`KEEP_DAYS` after a bill last joined it",
    ),
    Key(
        "alerts:<consignee>/<ledger>",
        "hash",
        "id → alert event as it was sent; a key without a ledger holds alerts that concern no single one",
        OWNER,
    ),
    Key(
        "ledgers:<consignee>/<programme>/<period>",
        "set",
        "the ledgers of a programme that sums per seller or conveyance; the period of a conveyance is a bill's day",
        OWNER,
    ),
    Key(
        "changes",
        "stream",
        "`bill`, `conveyance`, `at`: `decisions/<partition>/<offset>` of each decision that became "
        "current, once; capped",
        OWNER,
    ),
)


def ledger_name(programme: str, period: str | None, day: str | None, seller: str | None, conveyance: str | None) -> str:
    """Return a ledger's name among those of its consignee; of no single ledger it is empty.

    That of us-321 is its day. Another begins with period and programme; seller and conveyance follow where they matter.
    """
    if programme == US_321:
        return day or ""
    if period is None or (period == CONVEYANCE and conveyance is None):
        return ""
    parts = [period, programme, seller, conveyance if period == CONVEYANCE else None]
    return "/".join(part for part in parts if part)


def ledger_parts(name: str, programme: str, period: str) -> tuple[str | None, str | None]:
    """Return seller key and conveyance of a ledger by its name; None where they do not matter."""
    if programme == US_321:
        return None, None
    rest = name.removeprefix(f"{period}/{programme}").strip("/").split("/")
    if period == CONVEYANCE:
        return "/".join(rest[:-1]) or None, rest[-1]
    return rest[0] or None, None


class Keys:
    """Names of the keys of one Tallygate."""

    def __init__(self, prefix: str) -> None:
        """Take the topic prefix; a back-test with another prefix has a read model of its own."""
        self.prefix = f"{{{prefix}}}:{VERSION}:"
        self.positions = f"{self.prefix}positions"
        self.changes = f"{self.prefix}changes"

    def ledgers(self, consignee: str, programme: str, period: str) -> str:
        """Name the key of the list of a consignee's ledgers."""
        return f"{self.prefix}ledgers:{consignee}/{programme}/{period}"

    def bill(self, bill: str) -> str:
        """Return the key of a bill's current decisions."""
        return f"{self.prefix}bill:{bill}"
