"""Whether restored tables can be trusted: they add up, and stand where the group's committed offsets say.

Rows, position and committed offset are written in one transaction. So a table that does not add up has lost rows; one
that is behind its offset has lost them all; and one that is ahead shows that the offset went back: somebody set it, or
the broker that came back answers with what it remembered before.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from agents.engine.errors import RefusedError
from agents.engine.lane import Lane, Position
from state.table import Totals

REBUILD: Final = "rebuild the tables in an epoch N that was never used: `tallygate rebuild tables --epoch N`"


class Standing(NamedTuple):
    """Where one partition stands: by its group, and by its table."""

    partition: int
    committed: int | None
    table: int | None

    @property
    def agrees(self) -> bool:
        """Tell whether both say the same."""
        return self.committed == self.table

    @property
    def ahead(self) -> bool:
        """Tell whether the table has more than the group knows of."""
        return self.table is not None and (self.committed is None or self.committed < self.table)

    def sentence(self) -> str:
        """Return both places in words."""
        table = "has no position" if self.table is None else f"stands at {self.table}"
        return f"partition {self.partition}: committed offset is {self.committed}, but its table {table}"


def check_totals(lanes: Iterable[Lane], changelog: str) -> None:
    """Refuse tables whose rows are not all of those, and only those, that were written. Raise RefusedError."""
    wrong = [said for lane in lanes if (said := _missing(lane))]
    if wrong:
        raise RefusedError(
            f"tables restored from {changelog} do not add up: {'; '.join(wrong)}. Rows of the changelog were lost or "
            f"changed, so decisions made from them would be wrong: {REBUILD}"
        )


def _missing(lane: Lane) -> str:
    position, found = Position.of(lane.table), lane.table.totals
    wanted = position.totals if position else Totals()
    if wanted == found:
        return ""
    if wanted.rows == found.rows:
        return f"partition {lane.number} should hold checksum {wanted.checksum:016x} and holds {found.checksum:016x}"
    return f"partition {lane.number} should have {wanted.rows} rows and has {found.rows}"


def standings(lanes: Iterable[Lane], committed: Mapping[int, int | None]) -> list[Standing]:
    """Return the partitions whose table and committed offset differ."""
    places = ((lane.number, Position.of(lane.table)) for lane in lanes)
    found = [Standing(number, committed[number], place.offset if place else None) for number, place in places]
    return [each for each in found if not each.agrees]


def check_lost(differing: list[Standing], source: str, group: str) -> None:
    """Refuse where a table is behind its offset: nothing but a rebuild brings its rows back. Raise RefusedError."""
    if all(each.ahead for each in differing):
        return
    raise RefusedError(
        f"tables of {group} on {source} are not where its offsets are: {_said(differing)}. They are always written in "
        "one transaction, so an offset was set ahead, or rows of the changelog were lost. Put the offset back, or "
        f"{REBUILD}"
    )


def outrun(differing: list[Standing], source: str, group: str, seconds: float) -> RefusedError:
    """Return the refusal where every differing table is ahead, and was so for long."""
    return RefusedError(
        f"tables of {group} on {source} are ahead of its offsets, and were for {seconds:.0f} s: {_said(differing)}. "
        "The broker came back with old offsets, or somebody set them back; the tables are right. Restart the broker "
        "that coordinates the group: it may read the right offsets from its disk. Or stop all workers of the step and "
        "run `tallygate offsets set --to-tables`"
    )


def _said(differing: list[Standing]) -> str:
    return "; ".join(each.sentence() for each in differing)
