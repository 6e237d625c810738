"""Which restored tables are trusted, and what is said of those that are not."""

import pytest
from aiokafka import TopicPartition

from agents.engine.lane import Lane, Position
from agents.engine.seating import TableStanding, check_lost, check_totals, outrun, standings
from agents.kafka.errors import RefusedError
from state.table import PARTITION_ROOT, POSITION, Table, Totals, changelog_key

ROW = changelog_key(b"root", b"row")
POSITION_KEY = changelog_key(PARTITION_ROOT, POSITION)


def restored(number: int, rows: dict[bytes, bytes | None], position: Position | None) -> Lane:
    """Return a lane whose table was restored from these rows and a position."""
    table = Table()
    for _slice in table.restore({**rows, POSITION_KEY: position.encode()} if position else rows):
        pass
    return Lane(TopicPartition("t", number), table, 0)


def totals(rows: dict[bytes, bytes | None]) -> Totals:
    """Return what rows come to."""
    return restored(0, rows, None).table.totals


RIGHT = totals({ROW: b"1"})


def test_tables_that_add_up_are_taken() -> None:
    """Full, empty and new ones."""
    check_totals([restored(0, {ROW: b"1"}, Position(5, 5, RIGHT)), restored(1, {}, Position(5, 5))], "c")
    check_totals([restored(2, {}, None)], "c")


@pytest.mark.parametrize(
    ("rows", "position", "said"),
    [
        ({}, Position(5, 5, RIGHT), "partition 3 should have 1 rows and has 0"),
        ({ROW: b"1", b"\4root2": b""}, Position(5, 5, RIGHT), "should have 1 rows and has 2"),
        ({ROW: b"0"}, Position(5, 5, RIGHT), f"should hold checksum {RIGHT.checksum:016x} and holds "),
        ({ROW: b"1"}, None, "should have 0 rows and has 1"),
    ],
    ids=["lost", "one more", "changed", "position lost"],
)
def test_a_table_that_does_not_add_up_is_refused(
    rows: dict[bytes, bytes | None], position: Position | None, said: str
) -> None:
    """The message names changelog, partition, what was expected and found, and the remedy."""
    sound = restored(0, {ROW: b"1"}, Position(5, 5, RIGHT))
    with pytest.raises(RefusedError, match="restored from c do not add up") as refused:
        check_totals([sound, restored(3, rows, position)], "c")
    assert said in str(refused.value)
    assert "partition 0" not in str(refused.value)
    assert "tallygate rebuild tables --epoch N" in str(refused.value)


def test_every_partition_that_differs_is_told() -> None:
    """Ahead of the offset, behind it, never committed, never judged; those that agree are left out."""
    lanes = [restored(number, {}, Position(9, 4)) for number in range(4)] + [restored(4, {}, None)]
    differing = standings(lanes, {0: 9, 1: 7, 2: None, 3: 12, 4: 8})
    assert differing == [
        TableStanding(1, 7, 9),
        TableStanding(2, None, 9),
        TableStanding(3, 12, 9),
        TableStanding(4, 8, None),
    ]
    assert [each.ahead for each in differing] == [True, True, False, False]
    with pytest.raises(RefusedError, match="rebuild tables --epoch N") as refused:
        check_lost(differing, "t", "g")
    assert "committed offset is 8, but its table has no position" in str(refused.value)


def test_tables_ahead_of_their_offsets_are_no_loss() -> None:
    """All partitions are named at once, with the restart and the command that may cure it; a rebuild is not."""
    differing = [TableStanding(1, 7, 9), TableStanding(2, None, 9)]
    check_lost(differing, "t", "g")
    said = str(outrun(differing, "t", "g", 180.4))
    assert (
        "partition 1: committed offset is 7, but its table stands at 9; partition 2: committed offset is None" in said
    )
    assert "were for 180 s" in said
    assert "tallygate offsets set --to-tables" in said
    assert "rebuild" not in said
