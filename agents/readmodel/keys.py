"""The names of the keys that Tallygate keeps in Redis; docs/read-model.md says what is in each, and for how long.

All keys of one Tallygate share the hash tag `{<topic prefix>}`, and so one slot: a decision moves its bill from one
ledger to another in one script call, which Redis allows only within a slot. `v2` is the version of the shapes; a new
version begins beside the old one, whose keys then expire.
"""

from typing import Final

from stream.periods import CONVEYANCE
from stream.postings import US_321

VERSION: Final = "v2"

LISTS: Final = ("clear", "closed", "pending", "reject", "release", "warn", "warn-actual", "withhold")
"""The lists of bills of a conveyance and of a day, by outcome; a warning has two, because GO follows from one only."""
DAY_PARTS: Final = 32
"""Parts of a day's lists, by the bill's last characters: a key of all bills of a day would be too large to end."""


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


def list_of(outcome: str, basis: str | None) -> str:
    """Return the list that a bill with this answer is in."""
    return "warn-actual" if (outcome, basis) == ("warn", "actual") else outcome


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
        self.every_version = f"{{{prefix}}}:v"
        """What the names of all keys begin with, those of earlier versions too."""

    def ledgers(self, consignee: str, programme: str, period: str) -> str:
        """Name the key of the list of a consignee's ledgers."""
        return f"{self.prefix}ledgers:{consignee}/{programme}/{period}"

    def conveyances(self, day: str) -> str:
        """Return the key of the conveyances of a day."""
        return f"{self.prefix}conveyances:{day}"

    def listed(self, conveyance: str, list_name: str) -> str:
        """Return the key of a conveyance's bills with one outcome."""
        return f"{self.prefix}conveyance:{conveyance}/{list_name}"

    def bill(self, bill: str) -> str:
        """Return the key of a bill's current decisions."""
        return f"{self.prefix}bill:{bill}"
