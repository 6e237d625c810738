"""The window: bounded, and exact about what it holds."""

from random import Random

import msgspec

from agents.gateway.live.window import ENTRY_BYTES, Window, WindowEntry
from stream.partition import partition_of
from tests.redis.events import decision
from tests.unit.gateway_live.logs import Log, told


def entry(partition: int, offset: int, bill: str = "ACME0001") -> WindowEntry:
    return WindowEntry(partition, offset, decision(bill), 100, arrived_ms=1_000 + offset, record_ms=0)


def test_it_is_bounded_by_count_and_bytes() -> None:
    """Neither more entries nor more bytes are kept than allowed; the oldest go, and it says how far it goes back."""
    for window in (Window(10, 10**9), Window(10**9, 10 * (100 + ENTRY_BYTES))):
        window.begin([5, 0], asked_ms=900)
        assert window.since_ms == 900
        for offset in range(5, 30):
            window.add(entry(0, offset))
        assert (window.kept, window.first, window.next) == (10, 15, 25)
        assert window.size == 10 * (100 + ENTRY_BYTES)
        assert (window.starts, window.ends, window.since_ms) == ([20, 0], [30, 0], 1_019)
        assert [each.offset for each in window.after(window.first, 3)] == [20, 21, 22]
        assert [each.offset for each in window.of_bill("ACME0001")] == list(range(20, 30))


def test_it_holds_what_lies_between_its_starts_and_ends() -> None:
    """After any course of things each partition's entries are those from its start to its end; so are each bill's."""
    dice, window = Random(1), Window(50, 10**9)
    window.begin([0, 0, 0], 0)
    offsets = [0, 0, 0]
    for _ in range(400):
        partition = dice.randrange(3)
        window.add(entry(partition, offsets[partition], f"ACME{dice.randrange(20):04d}"))
        offsets[partition] += 1
        entries = window.after(window.first, 1_000)
        for number in range(3):
            held = [each.offset for each in entries if each.partition == number]
            assert held == list(range(window.starts[number], window.ends[number]))
    for bill in {each.decision.data.bill for each in entries}:
        assert list(window.of_bill(bill)) == [each for each in entries if each.decision.data.bill == bill]
    assert window.of_bill("NOSUCH1") == ()


def test_ids_and_json_are_made_once_for_all() -> None:
    """An entry's id is the place after it; its JSON is made once a scope, and says no more than that may see."""
    window = Window(10, 10**9)
    window.begin([16, 2], 0)
    made = WindowEntry(0, 16, told(0, 16), 100, 0, 0)
    window.add(made)
    assert made.id == window.id == b"1.11.2"
    assert made.shown(audit=False) is made.shown(audit=False)
    assert "consignee" not in msgspec.json.decode(made.shown(audit=False))
    assert msgspec.json.decode(made.shown(audit=True))["consignee"] == "na2:a"


def test_nothing_is_known_of_another_topic() -> None:
    """What was forgotten is gone, partitions and all, but numbers go on: no reader takes a new entry for an old one."""
    window = Window(10, 10**9)
    window.begin([0], 7)
    window.add(entry(0, 0))
    window.forget()
    assert (window.partitions, window.kept, window.next, window.since_ms) == (0, 0, 1, None)
    assert window.of_bill("ACME0001") == ()


def test_feed_follows_a_read_model_by_offsets() -> None:
    """It bridges a lag only if the bill's own partition is applied up to where the window begins."""
    log = Log(4, 10, starts=[5, 5, 5, 5])
    bill = "ACME0001"
    number = partition_of(bill.encode(), 4)
    assert log.feed.follows(bill, {number: 5})
    assert log.feed.follows(bill, {number: 9, (number + 1) % 4: 0})
    assert not log.feed.follows(bill, {number: 4, (number + 1) % 4: 9})
    assert not log.feed.follows(bill, {(number + 1) % 4: 9})
    log.window.forget()
    assert not log.feed.follows(bill, {number: 9})
