"""The catalogue of keys: what Tallygate keeps in Redis, under which names, in which shapes, and for how long.

All keys of one Tallygate share the tag `{<topic prefix>}`, and so one slot: a decision takes its bill off one consignee
day and puts it on another in one step, which Redis can do only where both lie in one place. `v1` is the version of the
shapes; a new version begins beside the old one, whose keys then run out.
"""

from typing import Final

import msgspec

VERSION: Final = "v1"


class Key(msgspec.Struct, frozen=True):
    """One kind of key."""

    name: str
    """Its name after the prefix, with placeholders."""
    type: str
    """What Redis calls its type."""
    shape: str
    """What is in it."""
    owner: str
    """Who writes it; nobody else does."""
    life: str = "`KEEP_DAYS` after its last change"
    """When it goes."""


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
        "was first stated (17 digits, µs), cents that count `|` consignee/day `|` the decision event as it was sent",
        OWNER,
    ),
    Key(
        "total:<consignee>/<day>",
        "string",
        "the released total in cents, sum of what counts; no key where it is 0",
        OWNER,
    ),
    Key(
        "bills:<consignee>/<day>",
        "zset",
        "`<conveyance> <bill>` of each bill whose current decision is on the day; score: when it was first stated (µs)",
        OWNER,
        "`KEEP_DAYS` after a bill last joined it",
    ),
    Key(
        "alerts:<consignee>/<day>",
        "hash",
        "id → alert event as it was sent; a key without a day holds alerts that concern no single day",
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


class Keys:
    """Names of the keys of one Tallygate."""

    def __init__(self, prefix: str) -> None:
        """Take the topic prefix: a back-test under its own has its own read model."""
        self.prefix = f"{{{prefix}}}:{VERSION}:"
        self.positions = f"{self.prefix}positions"
        self.changes = f"{self.prefix}changes"

    def bill(self, bill: str) -> str:
        """Name the key of a bill's current decisions."""
        return f"{self.prefix}bill:{bill}"
