"""The expiry of a conveyance's rows: a number of days after the last event that applied to it (DESIGN section 3).

Days are counted between UTC dates of the highest event `time` that applied on the partition, the event at hand
included: its date now (the stream day) and its date when the last event applied to the conveyance, which the
conveyance's row keeps. So no row is written for every event. Past the given number of days, which the rulebook says for
the enabled programmes, a conveyance counts as absent, swept or not, and the next event finds nothing held.
"""

from collections.abc import Generator
from typing import Final

from state.manifest.rows import CONVEYANCE, STREAM_DAY, pack_stream_day, unpack_conveyance, unpack_stream_day
from state.table import PARTITION_ROOT, Group, Overlay

SLICE_ROWS: Final = 500
"""Rows removed between two yields."""

ROWS_A_GROUP: Final = 10
"""Rows that count as one group in a sweep's budget."""


def stream_day(table: Overlay) -> int:
    """Return the stream day of the partition as an ordinal, 0 before its first event."""
    row = table.group(PARTITION_ROOT).get(STREAM_DAY)
    return 0 if row is None else unpack_stream_day(row)


def advance(table: Overlay, day: int) -> None:
    """Write a later stream day."""
    table.group(PARTITION_ROOT).put(STREAM_DAY, pack_stream_day(day))


def clear(group: Group) -> Generator[None]:
    """Remove all rows of a conveyance. Yield between slices."""
    for count, (suffix, _) in enumerate(group.items(), 1):
        group.delete(suffix)
        if count % SLICE_ROWS == 0:
            yield None


class _Round:
    """One walk over the conveyances that the table held when a stream day began."""

    __slots__ = ("at", "day", "roots")

    def __init__(self, day: int, roots: list[bytes]) -> None:
        self.day = day
        self.roots = roots
        self.at = 0


def sweep(table: Overlay, kept_days: int, budget: int) -> int:
    """Look at up to `budget` conveyances. Remove up to ten times as many rows of expired ones, and return their number.

    The walk is kept as the index of the partition's root, beside its table. A walk that is lost begins again.
    """
    today = stream_day(table)
    found = table.index(PARTITION_ROOT)
    walk = found if isinstance(found, _Round) else None
    if walk is None or walk.day != today:
        walk = _Round(today, table.roots())
    removed, rows_max = 0, budget * ROWS_A_GROUP
    for _ in range(budget):
        if walk.at >= len(walk.roots) or removed >= rows_max:
            break
        root = walk.roots[walk.at]
        if root != PARTITION_ROOT:
            gone, finished = _sweep_group(table.group(root), today - kept_days, rows_max - removed)
            removed += gone
            if not finished:
                break
        walk.at += 1
    if walk.at >= len(walk.roots):
        walk.roots, walk.at = [], 0
    table.keep_index(PARTITION_ROOT, walk, 1)
    return removed


def _sweep_group(group: Group, first_kept: int, rows_max: int) -> tuple[int, bool]:
    """Remove rows of an expired conveyance; its own row is the last, since that row says that it is expired."""
    row = group.get(CONVEYANCE)
    if row is None or unpack_conveyance(row).touched >= first_kept:
        return 0, True
    removed = 0
    bills = (suffix for suffix, _ in group.items() if suffix != CONVEYANCE)
    for suffix in bills:
        if removed >= rows_max:
            return removed, False
        group.delete(suffix)
        removed += 1
    group.delete(CONVEYANCE)
    return removed + 1, True
