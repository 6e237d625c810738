"""The audit of the fault runs notices what it is there for."""

from stream.records import Outgoing, Sink
from tests.chaos.customs import Sent, by_partition, same, source_of
from tests.chaos.rebuilding import differences
from tests.integration.ops.rebuild.rebuild_system import at_rest
from tests.redis.events import decision_data

RIGHT: dict[int, list[Sent]] = {0: [(b"a", b"1"), (b"b", b"2")]}


def test_equal_logs_have_no_fault() -> None:
    """What is as it must be is passed over."""
    assert same("decisions", RIGHT, {0: [(b"a", b"1"), (b"b", b"2")]}) == []


def test_a_lost_record_is_a_fault() -> None:
    """A record less, or a partition less, is counted as lost."""
    assert same("decisions", RIGHT, {0: [(b"a", b"1")]}) == ["decisions of 0: 1 lost, 0 repeated or wrong, of 2"]
    assert same("decisions", RIGHT, {}) == ["decisions of 0: 2 lost, 0 repeated or wrong, of 2"]


def test_a_repeated_record_is_a_fault() -> None:
    """The same record twice is one too many."""
    assert same("alerts", RIGHT, {0: [*RIGHT[0], RIGHT[0][0]]}) == ["alerts of 0: 0 lost, 1 repeated or wrong, of 2"]


def test_a_wrong_record_is_a_fault() -> None:
    """Another value is one lost and one wrong."""
    wrong: dict[int, list[Sent]] = {0: [(b"a", b"1"), (b"b", b"3")]}
    assert same("postings", RIGHT, wrong) == ["postings of 0: 1 lost, 1 repeated or wrong, of 2"]


def test_another_order_is_a_fault() -> None:
    """All records in another order are not what the log says."""
    assert "in another order" in same("postings", RIGHT, {0: RIGHT[0][::-1]})[0]


def test_a_record_in_another_partition_is_a_fault() -> None:
    """A record must be where it belongs."""
    assert len(same("decisions", RIGHT, {1: RIGHT[0]})) == 2


def test_outputs_are_sorted_by_sink_and_partition() -> None:
    """Of what a step sent, one sink's records are given by partition, in order."""
    sent = [Outgoing(Sink.DECISIONS, 1, b"a", b"1"), Outgoing(Sink.ALERTS, 1, b"b", b"2")]
    more = [Outgoing(Sink.DECISIONS, 1, b"c", b"3"), Outgoing(Sink.DECISIONS, 0, b"d", b"4")]
    assert by_partition([sent, more], Sink.DECISIONS) == {1: [(b"a", b"1"), (b"c", b"3")], 0: [(b"d", b"4")]}


def test_the_source_of_a_posting_is_read_from_its_bytes() -> None:
    """The shipments partition stands before the bills, whatever their texts say."""
    bills = b'[{"order":"\\"partition\\":9,"}]'
    posting = b'{"time":"t","consignee":"na2:x","conveyance":"c","partition":7,"offset":3,"bills":' + bills + b"}"
    assert source_of(posting) == 7


def test_a_decision_that_a_rebuild_changed_is_a_fault() -> None:
    """What is lost, new or different after a rebuild is told and counted; the epoch does not matter."""
    data = [decision_data(f"ACME{number}", rank=(1, 1, 1, 1)) for number in range(3)]
    before, after = at_rest(data[:2]), at_rest([decision_data("ACME1", rank=(2, 1, 1, 1), cents=1_300), data[2]])
    assert differences(before, at_rest(decision_data(one.bill, rank=(2, 1, 1, 1)) for one in data[:2])) == []
    assert differences(before, after)[-1] == "the rebuild changed 3 of 2 decisions"
