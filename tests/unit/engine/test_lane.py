"""A lane: which chunks it takes, what slice it gives, where it stands after."""

from struct import pack

import pytest
from aiokafka import TopicPartition

from agents.engine.chunk import Chunk
from agents.engine.gate import Gate
from agents.engine.lane import Lane, Position, check_fingerprint
from agents.engine.poison_isolation import PoisonIsolation, Suspicion
from agents.kafka.errors import BrokenLaneError, RefusedError
from agents.kafka.protocol import GroupMember
from state.table import PARTITION_ROOT, Table, Totals
from stream.records import PlainRecord
from tests.toy.step import ToyStep

MEMBER = GroupMember(3, "me")
MOST = 1000


def chunk(start: int, offsets: range, end: int, era: int = 1, member: GroupMember = MEMBER) -> Chunk:
    """Make a chunk of records with these offsets."""
    records = [PlainRecord("t", 0, offset, 0, b"k", b"v") for offset in offsets]
    return Chunk(0, member, era, start, end, records, 10 * len(records))


@pytest.fixture
def woken() -> list[bool]:
    """Collect the gate's calls."""
    return []


@pytest.fixture
def lane(woken: list[bool]) -> Lane:
    """Return a lane that stands at offset 5, its gate open for 100 bytes."""
    made = Lane(TopicPartition("t", 0), Table(), 0)
    made.position = Position(5, 2)
    made.opened(MEMBER, Gate(5, 1, MEMBER, 100, lambda: woken.append(True)))
    return made


def offsets(lane: Lane, most: int = MOST) -> list[int]:
    """Return the offsets of the next slice."""
    return [record.offset for record in lane.next_slice(most).records]


def test_void_chunks_are_dropped(lane: Lane) -> None:
    """Another generation, another opening of the gate: nothing is taken, nothing is wrong."""
    assert not lane.take_in(chunk(5, range(5, 8), 8, member=GroupMember(2, "me")))
    assert not lane.take_in(chunk(5, range(5, 8), 8, era=2))
    assert lane.waiting == 0
    lane.emptied()
    assert not lane.take_in(chunk(5, range(5, 8), 8))


def test_holes_are_no_breaks(lane: Lane) -> None:
    """Control records take offsets: chunks follow on where the fetches did."""
    assert lane.take_in(chunk(5, range(7, 9), 12))
    assert lane.take_in(chunk(12, range(12, 14), 14))
    assert offsets(lane) == [7, 8, 12, 13]
    assert lane.next_slice(MOST).end == 14


def test_a_missing_chunk_breaks_the_lane(lane: Lane) -> None:
    """A chunk that does not start where the one before ended means that records were dropped on the way."""
    lane.take_in(chunk(5, range(5, 8), 8))
    with pytest.raises(BrokenLaneError, match="starts at 9, expected 8"):
        lane.take_in(chunk(9, range(9, 11), 11))


def test_a_portion_ends_inside_a_chunk(lane: Lane) -> None:
    """What is left stays, and its end is that of the fetch only when all of it is taken."""
    lane.take_in(chunk(5, range(5, 8), 20))
    assert lane.next_slice(2).end == 7
    lane.advance(2, Position(7, 4))
    assert offsets(lane) == [7]
    assert lane.next_slice(2).end == 20
    lane.advance(1, Position(20, 5))
    assert (lane.waiting, lane.next_offset) == (0, None)


def test_a_suspect_is_judged_alone(lane: Lane) -> None:
    """Records before it, then it, then the rest."""
    lane.take_in(chunk(5, range(5, 9), 9))
    lane.isolation = PoisonIsolation().raised(7)
    assert offsets(lane) == [5, 6]
    lane.advance(2, Position(7, 4))
    assert offsets(lane) == [7]
    assert lane.owed() == Suspicion(7, 1, 1, 1)


def test_a_big_record_is_judged_alone(lane: Lane) -> None:
    """As a suspect, without a suspicion."""
    lane.take_in(chunk(5, range(5, 9), 9))
    lane.big = 6
    assert (offsets(lane), lane.at_big_record) == ([5], False)
    lane.advance(1, Position(6, 3))
    assert (offsets(lane), lane.at_big_record) == ([6], True)


def test_a_full_gate_opens_when_chunks_are_judged(lane: Lane, woken: list[bool]) -> None:
    """Beyond its bytes a partition is not fetched; the thread is woken once, when there is room again."""
    assert lane.gate is not None
    for number in range(12):
        lane.gate.fetched(10)
        lane.take_in(chunk(5 + number, range(5 + number, 6 + number), 6 + number))
    assert not lane.gate.open
    lane.advance(2, Position(7, 4))
    assert (lane.gate.open, woken) == (False, [])
    lane.advance(2, Position(9, 6))
    assert (lane.gate.open, woken) == (True, [True])


def test_a_free_watch_is_owed_once(lane: Lane) -> None:
    """It is written before the first record is judged, and any free suspicion will do after."""
    lane.take_in(chunk(5, range(5, 6), 6))
    assert lane.owed() == Suspicion(5)
    lane.suspicion = Suspicion(2)
    assert lane.owed() is None


def test_a_lane_stands_where_its_table_says() -> None:
    """A new table begins where the log does; one that has judged goes on at its position."""
    lane = Lane(TopicPartition("t", 0), Table(), 0)
    lane.seated(3)
    assert lane.position == Position(3, 0)
    lane.table.apply(PARTITION_ROOT, {b"position": Position(9, 4, Totals(2, 2**64 - 1)).encode()})
    lane.seated(3)
    assert lane.position == Position(9, 4, Totals(2, 2**64 - 1))


@pytest.mark.parametrize("row", [pack(">BQQ", 1, 9, 4), pack(">BQQQQ", 3, 9, 4, 0, 0), b"x"])
def test_a_position_of_another_version_is_refused(row: bytes) -> None:
    """Release 0.1 wrote no totals: what it left is not guessed at, and the remedy is named."""
    with pytest.raises(RefusedError, match="rebuild tables --epoch N"):
        Position.decode(row)


def test_a_table_of_another_fingerprint_is_refused() -> None:
    """The first transaction writes the fingerprint; another step does not go on with the table."""
    lane = Lane(TopicPartition("t", 0), Table(), 0)
    lane.begin(ToyStep("one")).join()
    check_fingerprint(lane, ToyStep("one"))
    with pytest.raises(RefusedError, match="needs a new epoch"):
        check_fingerprint(lane, ToyStep("two"))


def test_a_table_of_other_programmes_is_refused() -> None:
    """A programme that is missing or has another structure stops the worker; a new one is added by the next life."""
    lane = Lane(TopicPartition("t", 0), Table(), 0)
    lane.begin(ToyStep(programmes={"kr": "1", "us-321": "2"})).join()
    check_fingerprint(lane, ToyStep(programmes={"az": "3", "kr": "1", "us-321": "2"}))
    lane.begin(ToyStep(programmes={"az": "3", "kr": "1", "us-321": "2"})).join()
    with pytest.raises(RefusedError, match=r"programmes: az is not enabled, .*; us-321 has another structure"):
        check_fingerprint(lane, ToyStep(programmes={"kr": "1", "us-321": "9"}))


def test_a_lane_that_is_given_up_is_fetched_no_longer(lane: Lane) -> None:
    """Its gate is shut for good, however much is judged after."""
    gate = lane.gate
    assert gate is not None
    assert gate.open
    lane.emptied()
    gate.judged(50)
    assert not gate.open
