"""Several partitions in one order: by the broker's time, never ahead of what is still to come."""

from aiokafka import TopicPartition

from agents.engine.chunk import Chunk
from agents.engine.gate import Gate
from agents.engine.lane import Lane
from agents.engine.ordering import drained, next_in_order, runs
from agents.engine.poison_isolation import PoisonIsolation
from agents.kafka.protocol import GroupMember
from state.table import Table
from stream.records import PlainRecord

FENCE = GroupMember(1, "m")


def lane(number: int, *times: int) -> Lane:
    """Return a lane in which records of these times wait, one an offset."""
    made = Lane(TopicPartition("in", number), Table(), 0)
    made.opened(FENCE, Gate(0, 1, FENCE, 1000, lambda: None))
    records = [PlainRecord("in", number, offset, time, b"k", b"v") for offset, time in enumerate(times)]
    if records:
        made.take_in(Chunk(number, FENCE, 1, 0, len(times), records, 10))
    return made


def ran(*lanes: Lane) -> list[tuple[int, list[int]]]:
    """Return the runs as partition and times."""
    found = runs([(each, each.next_slice(100)) for each in lanes])
    return [(each.number, [record.timestamp for record in records]) for each, records in found]


def test_records_are_merged_by_time_until_one_partition_is_used_up() -> None:
    """What a partition has next may come before the others' later records, so nothing goes beyond its last."""
    assert ran(lane(0, 1, 2, 9, 12), lane(1, 3, 4, 10), lane(2, 5)) == [(0, [1, 2]), (1, [3, 4]), (2, [5])]


def test_at_one_time_the_lower_partition_comes_first() -> None:
    """So the order does not depend on the fetches."""
    assert ran(lane(1, 5, 5), lane(0, 5, 6)) == [(0, [5]), (1, [5, 5])]


def test_a_partition_keeps_its_own_order() -> None:
    """A broker's clock that was set back does not turn records around."""
    assert ran(lane(0, 7, 3, 8), lane(1, 5, 9)) == [(1, [5]), (0, [7, 3, 8])]


def test_a_partition_alone_is_judged_whole() -> None:
    """There is nothing to wait for."""
    assert ran(lane(0, 3, 1, 2)) == [(0, [3, 1, 2])]


def test_a_big_record_waits_for_its_turn_and_is_then_alone() -> None:
    """It needs a transaction of its own, after all that came before it and before all that came later."""
    big, other = lane(0, 4, 5), lane(1, 2, 3, 8)
    big.big = 0
    assert next_in_order([big, other], frozenset()) == [big, other]
    assert ran(big, other) == [(1, [2, 3])]
    first, later = lane(0, 4, 5), lane(1, 8)
    first.big = 0
    assert next_in_order([first, later], frozenset()) == [first]


def test_a_partition_judged_with_caution_ends_the_run_early() -> None:
    """After a death its records go one by one; the others wait for what it has next."""
    careful = lane(0, 4, 5, 9)
    careful.isolation = PoisonIsolation(alone=2)
    assert ran(careful, lane(1, 1, 7)) == [(1, [1]), (0, [4])]


def test_nothing_is_judged_while_a_partition_may_have_something_earlier() -> None:
    """An empty lane holds the others up until it is known to be read to its end."""
    waiting, empty = lane(0, 4), lane(1)
    assert next_in_order([waiting, empty], frozenset()) == []
    assert next_in_order([waiting, empty], frozenset({empty})) == [waiting]
    assert next_in_order([empty], frozenset({empty})) == []


def test_a_lane_is_drained_once_all_that_was_fetched_is_judged() -> None:
    """Neither what waits in it nor what is still on the way to it may be overlooked."""
    waiting, empty, behind = lane(0, 4), lane(1), lane(2)
    ends = {waiting.partition: 1, empty.partition: 0, behind.partition: 3}
    assert drained([waiting, empty, behind], ends) == {empty}
    assert drained([empty], {}) == frozenset()
