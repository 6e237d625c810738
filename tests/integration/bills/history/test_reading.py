"""A bill's history on a real Kafka: exact, committed only, from the right partition, in bounded portions."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from agents.bills.history import History, HistoryAwayError, read_history
from agents.bills.history_view import history_view
from stream.decisions import Decision
from stream.outcomes import Action
from stream.partition import partition_of
from tests.kafka.field import Field
from tests.redis.events import START, decision

pytestmark = pytest.mark.kafka

BILL = "ACME0001"


def story(length: int, bill: str = BILL) -> list[Decision]:
    """Return a bill's decisions, each of a higher rank and a minute later."""
    return [decision(bill, rank=(1, 1, 1, 1 + number), minutes=number) for number in range(length)]


def send(field: Field, decisions: Iterable[Decision]) -> None:
    """Send decisions in a transaction, as the engine does, each bill's to its partition."""
    with field.producer(**{"transactional.id": f"{field.topics.prefix}-tests"}) as producer:
        producer.init_transactions(30)
        producer.begin_transaction()
        for each in decisions:
            key = each.data.bill.encode()
            where = partition_of(key, field.partitions)
            producer.produce(field.topics.decisions, msgspec.json.encode(each), key, where)
        producer.commit_transaction(30)


async def read(field: Field, bill: str = BILL, **more: Any) -> History:
    """Read a bill's history."""
    return await read_history(field.connection, field.topics.decisions, bill, **more)


def shown(found: History) -> list[Decision]:
    return [past.decision for past in found.past]


async def test_history_is_every_decision_of_the_bill_and_no_other(field: Field) -> None:
    """Among many bills of the same partition the bill's own decisions come, all of them, in the topic's order."""
    mine = story(20)
    others = [each for number in range(200) for each in story(2, f"OTHER{number:05}")]
    send(field, [*others[:100], *mine[:10], *others[100:], *mine[10:]])
    found = await read(field)
    assert found.complete
    assert shown(found) == mine
    where = partition_of(BILL.encode(), field.partitions)
    rows = {offset: value for offset, _key, value in field.read(field.topics.decisions)[where]}
    for past in found.past:
        assert past.partition == where
        assert rows[past.offset] == msgspec.json.encode(past.decision)


async def test_what_was_aborted_is_no_history(field: Field) -> None:
    """Decisions of a transaction that was aborted are not read, nor do those that follow wait for anything."""
    mine = story(3)
    send(field, mine[:1])
    with field.producer(**{"transactional.id": f"{field.topics.prefix}-tests"}) as producer:
        producer.init_transactions(30)
        producer.begin_transaction()
        where = partition_of(BILL.encode(), field.partitions)
        producer.produce(field.topics.decisions, msgspec.json.encode(story(9)[8]), BILL, where)
        producer.flush(30)
        producer.abort_transaction(30)
    send(field, mine[1:])
    found = await read(field)
    assert (found.complete, shown(found)) == (True, mine)


async def test_open_transaction_is_not_waited_for(field: Field) -> None:
    """What is not committed yet ends the reading, which is complete without it."""
    send(field, story(2))
    producer_settings = {"transactional.id": f"{field.topics.prefix}-other"}
    with field.producer(**producer_settings) as producer:
        producer.init_transactions(30)
        producer.begin_transaction()
        where = partition_of(BILL.encode(), field.partitions)
        producer.produce(field.topics.decisions, msgspec.json.encode(story(3)[2]), BILL, where)
        producer.flush(30)
        found = await read(field)
        producer.commit_transaction(30)
    assert (found.complete, shown(found)) == (True, story(2))
    assert shown(await read(field)) == story(3)


async def test_unknown_bill_has_an_empty_history(field: Field) -> None:
    """Of a bill that nobody decided about, and in an empty topic, the history is empty and complete."""
    assert await read(field) == History((), None)
    send(field, story(3))
    assert await read(field, "NOBODY01") == History((), None)


@pytest.mark.parametrize("most", [1, 3, 7, 20])
async def test_pages_join_without_gap_or_repeat(most: int, field: Field) -> None:
    """With pages of any size, each going on where the one before ended, every decision comes once."""
    mine = story(7)
    others = story(5, "OTHER00001")
    send(field, [each for pair in zip(mine, [*others, *others], strict=False) for each in pair])
    found: list[Decision] = []
    after: int | None = None
    for _ in range(20):
        page = await read(field, after=after, most=most)
        assert len(page.past) <= most
        found += shown(page)
        after = page.next
        if page.complete:
            break
    assert after is None
    assert found == mine


async def test_reading_starts_a_day_before_the_bill_was_stated(field: Field) -> None:
    """Records that the topic took more than a day before the bill's first time are skipped, none of the bill's own."""
    day = timedelta(days=1)
    topic, where = field.topics.decisions, partition_of(BILL.encode(), field.partitions)
    early, late = story(2)
    with field.producer() as producer:
        for each, taken in ((early, START - 2 * day), (late, START - day / 2)):
            stamp = int(taken.timestamp() * 1000)
            producer.produce(topic, msgspec.json.encode(each), BILL, where, timestamp=stamp)
    assert shown(await read(field, since=START)) == [late]
    assert shown(await read(field, since=START - day)) == [early, late]
    assert shown(await read(field)) == [early, late]
    # Of a bill stated after everything there is there can be nothing.
    assert await read(field, since=START + 90 * day) == History((), None)


async def test_time_is_bounded_and_the_rest_can_be_asked_for(field: Field) -> None:
    """Without time nothing is read, and what is told leads to all of it."""
    send(field, story(5))
    hurried = await read(field, seconds=0.0)
    assert not hurried.complete
    assert hurried.past == ()
    assert shown(await read(field, after=hurried.next)) == story(5)


async def test_place_before_the_topic_is_its_beginning(field: Field) -> None:
    """A page may go on from a place that the topic no longer keeps, or from its very end."""
    send(field, story(2))
    assert shown(await read(field, after=0)) == story(2)
    assert await read(field, after=10**9) == History((), None)


async def test_what_is_no_decision_is_passed_over(field: Field) -> None:
    """A record under the bill's key that is not ours does not break the history."""
    where = partition_of(BILL.encode(), field.partitions)
    field.produce([b"{}", b"not json"], where, BILL.encode(), field.topics.decisions)
    send(field, story(1))
    assert shown(await read(field)) == story(1)


async def test_absent_topic_and_broker_are_said(field: Field) -> None:
    """Without the topic, or without anybody at the address, it says which, and makes no topic."""
    for _ in range(2):
        with pytest.raises(HistoryAwayError, match=r"no topic nobody\.decisions"):
            await read_history(field.connection, "nobody.decisions.v1", BILL)
    nowhere = msgspec.structs.replace(field.connection, brokers="127.0.0.1:9")
    with pytest.raises(HistoryAwayError, match=r"127\.0\.0\.1:9 does not answer"):
        await read_history(nowhere, field.topics.decisions, BILL)


async def test_history_is_shown_as_decisions_with_their_place(field: Field) -> None:
    """As JSON each has the fields of a decision, its time, where it stands, and what it meant for a scanner."""
    send(field, [decision(outcome="withhold", reason="daily-limit", counts=False), *story(2)[1:]])
    found = await read(field, most=1)
    view = msgspec.to_builtins(history_view(BILL, found))
    assert (view["bill"], view["complete"], view["next"]) == (BILL, False, str(found.next))
    (only,) = view["decisions"]
    data = msgspec.to_builtins(found.past[0].decision.data)
    assert {name: only[name] for name in data} == data
    assert only["time"] == "2025-08-20T12:00:00Z"
    assert (only["action"], only["offset"]) == (Action.HOLD, found.past[0].offset)
