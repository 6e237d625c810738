"""Decides what an event does to a bill on a conveyance, by the version that is held (DESIGN section 2, "Versions")."""

from typing import Final, Literal

from state.manifest.bill_rows import BillRow
from state.manifest.rows import ExitRow

Ruling = Literal["apply", "close-at-once", "version", "repeat", "closed", "version-conflict"]

APPLY: Final = "apply"
CLOSE_AT_ONCE: Final = "close-at-once"
"""The bill applies, and the exit that waited for it closes it."""
OLDER: Final = "version"
REPEAT: Final = "repeat"
ALREADY_CLOSED: Final = "closed"
CONFLICT: Final = "version-conflict"
"""A dead letter. `version`, `repeat` and `closed` are stale; stale events are counted by these words."""


def rule_whole_bill(held: BillRow | ExitRow | None, version: int, fingerprint: bytes, *, manifested: bool) -> Ruling:
    """Return the ruling on a whole bill; without `manifested` it is an amendment, which never reopens a closed bill."""
    if held is None:
        return APPLY
    if isinstance(held, ExitRow):
        if version <= held.version:
            return CLOSE_AT_ONCE
        # The bill is closed before it comes: whatever the order of the events, the result is the same.
        return APPLY if manifested else ALREADY_CLOSED
    if version < held.version:
        return OLDER
    if version == held.version and fingerprint == held.fingerprint:
        return REPEAT
    if held.exit is not None and not manifested:
        # Also at an equal version: an exit may have the version of the amendment that it overtook.
        return ALREADY_CLOSED
    return APPLY if version > held.version else CONFLICT


def rule_exit(held: BillRow | ExitRow | None, version: int) -> Ruling:
    """Return the ruling on a deletion or disposal; at an equal version it applies only to a live bill."""
    if held is None or version > held.version:
        return APPLY
    if version < held.version:
        return OLDER
    if isinstance(held, ExitRow):
        return REPEAT
    return APPLY if held.exit is None else ALREADY_CLOSED
