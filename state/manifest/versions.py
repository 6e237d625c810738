"""What an event does to a bill on a conveyance, by the version held (DESIGN section 2, "Versions")."""

from enum import Enum
from typing import Final

from state.manifest.rows import BillRow, ExitRow


class Ruling(Enum):
    """What becomes of an event of a bill; the value of a stale one is the word that is counted."""

    APPLY = ""
    CLOSE_AT_ONCE = "exit came first"
    OLDER = "version"
    REPEAT = "repeat"
    CLOSED = "closed"
    CONFLICT = "version-conflict"


STALE: Final = frozenset({Ruling.OLDER, Ruling.REPEAT, Ruling.CLOSED})


def rule_whole_bill(held: BillRow | ExitRow | None, version: int, fingerprint: bytes, *, manifested: bool) -> Ruling:
    """Rule on a whole bill; `manifested` tells it from an amendment, which never makes a closed bill live."""
    if held is None:
        return Ruling.APPLY
    if isinstance(held, ExitRow):
        if version <= held.version:
            return Ruling.CLOSE_AT_ONCE
        # The bill is closed though it has not come yet: in whatever order they come, the end is the same.
        return Ruling.APPLY if manifested else Ruling.CLOSED
    if version < held.version:
        return Ruling.OLDER
    if version == held.version and fingerprint == held.fingerprint:
        return Ruling.REPEAT
    if held.exit is not None and not manifested:
        # Also at an equal version: an exit may carry the version of the amendment it overtook.
        return Ruling.CLOSED
    return Ruling.APPLY if version > held.version else Ruling.CONFLICT


def rule_exit(held: BillRow | ExitRow | None, version: int) -> Ruling:
    """Rule on a deletion or disposal; at an equal version it applies to a live bill only."""
    if held is None or version > held.version:
        return Ruling.APPLY
    if version < held.version:
        return Ruling.OLDER
    if isinstance(held, ExitRow):
        return Ruling.REPEAT
    return Ruling.APPLY if held.exit is None else Ruling.CLOSED
