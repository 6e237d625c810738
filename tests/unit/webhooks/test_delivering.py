"""One webhook, a topic in memory and a real HTTP receiver: complete, in order, filtered, kept, and dead when due."""

import itertools
from collections import defaultdict
from typing import Any

import msgspec
import pytest
from aiohttp import web

from agents.gateway.endpoints.views import verdict
from agents.gateway.live.places import encode_places
from agents.webhooks.delivery_state import DeliveryState
from agents.webhooks.signing import message_id
from stream.decisions import Decision
from tests.redis.events import decision
from tests.unit.webhooks.memory_topic import (
    TOPIC,
    Answering,
    Clock,
    MemoryTopic,
    answering,
    delivering_to,
    running,
    until,
    webhook_to,
)

FIVE_DAYS = 5 * 86_400
"""As long as the setting has it."""


def decisions(count: int, bills: int = 7) -> list[Decision]:
    """Return decisions on a few bills in turn, each with a revision of its own."""
    outcomes = ("release", "withhold", "reject")
    return [
        decision(
            f"ACME{number % bills:04d}", f"air:{number % 2}", rank=(1, 1, 1, 1 + number), outcome=outcomes[number % 3]
        )
        for number in range(count)
    ]


def shown(wanted: list[Decision]) -> dict[str, bytes]:
    """Return the body that each webhook-id must have."""
    return {message_id(TOPIC, each): msgspec.json.encode(verdict(each, audit=False)) for each in wanted}


def by_bill(ids: list[str], wanted: list[Decision]) -> dict[str, list[str]]:
    """Return the ids of each bill in their order, each where it first stands."""
    bills = {message_id(TOPIC, each): each.data.bill for each in wanted}
    found: dict[str, list[str]] = defaultdict(list)
    for each in dict.fromkeys(ids):
        found[bills[each]].append(each)
    return dict(found)


async def test_flaky_receiver_gets_all_in_order() -> None:
    """With every third request refused, each decision arrives once with its body, and those of a bill in order."""
    turns = itertools.count()
    receiver = Answering(lambda _body: web.Response(status=500 if next(turns) % 3 == 0 else 204))
    topic, wanted = MemoryTopic(), decisions(60)
    topic.write(wanted)
    async with answering(receiver):
        delivering = delivering_to(webhook_to(receiver.url), topic, Clock())
        async with running(delivering):
            await until(lambda: len(receiver.taken) == 60)
            await until(lambda: delivering.waiting == 0)
    assert dict(receiver.taken) == shown(wanted)
    assert by_bill([each for each, _ in receiver.taken], wanted) == by_bill([*shown(wanted)], wanted)
    assert delivering.state() == DeliveryState(encode_places([len(held) for held in topic.records]))
    assert len(receiver.tried) > 60


async def test_only_what_passes_the_filters_is_sent() -> None:
    """The filters of the stream decide, and the place passes what they hold back."""
    receiver, topic, wanted = Answering(), MemoryTopic(), decisions(40)
    topic.write(wanted)
    expected = [each for each in wanted if each.data.outcome != "release" and each.data.conveyance == "air:1"]
    async with answering(receiver):
        webhook = webhook_to(receiver.url, outcomes=("withhold", "reject"), conveyances=("air:1",))
        delivering = delivering_to(webhook, topic, Clock())
        async with running(delivering):
            await until(lambda: delivering.state().places == encode_places([len(held) for held in topic.records]))
    assert dict(receiver.taken) == shown(expected)
    assert 0 < len(expected) < len(wanted)


async def test_one_bill_that_fails_holds_up_no_other_and_its_place_is_kept() -> None:
    """Bills of other lanes pass one that is refused; the place stays at it, so a restart begins there."""
    bad = "ACME0003"
    receiver = Answering(lambda body: web.Response(status=422 if body["bill"] == bad else 200))
    topic, wanted, clock = MemoryTopic(), decisions(9, bills=9), Clock()
    topic.write(wanted)
    async with answering(receiver):
        first = delivering_to(webhook_to(receiver.url), topic, clock, concurrency=9)
        async with running(first):
            await until(lambda: len(receiver.taken) >= 5 and first.failing and first.failing.attempts > 2)
        state = first.state()
        failed = state.failing
        assert failed
        stuck = topic.records[failed.partition][failed.offset]
        assert msgspec.json.decode(stuck.value)["data"]["bill"] == bad
        assert (failed.answer, state.dead) == ("422", None)
        clock.now += 3_600
        second = delivering_to(webhook_to(receiver.url), topic, clock, state, concurrency=9)
        assert second.state() == state
        async with running(second):
            await until(lambda: second.failing and second.failing.attempts > failed.attempts)
            assert second.failing
            assert second.failing.since == failed.since
            receiver.answer = lambda _body: web.Response()
            await until(lambda: second.waiting == 0 and second.failing is None)
    assert dict(receiver.taken) == shown(wanted)


async def test_retry_after_holds_the_whole_receiver() -> None:
    """After a 503 with Retry-After nothing at all is sent until that time has come."""
    answers = iter([web.Response(status=503, headers={"Retry-After": "60"})])
    receiver = Answering(lambda _body: next(answers, web.Response()))
    topic, clock, wanted = MemoryTopic(), Clock(), decisions(1)
    topic.write(wanted)
    async with answering(receiver):
        delivering = delivering_to(webhook_to(receiver.url), topic, clock)
        async with running(delivering):
            await until(lambda: delivering.failing)
            topic.write(decisions(20, bills=20)[1:])
            await until(lambda: delivering.waiting > 5)
            assert len(receiver.tried) == 1
            assert delivering._held_until == clock.now + 60
            delivering._held_until = 0.0
    assert len(receiver.tried) == 1


@pytest.mark.parametrize(("status", "why"), [(410, "gone"), (500, "failing")])
async def test_webhook_dies_and_lives_again(status: int, why: str) -> None:
    """410 kills at once, failing after the days of the setting; a dead one sends nothing until its life is raised."""
    receiver = Answering(lambda _body: web.Response(status=status))
    topic, clock, wanted = MemoryTopic(), Clock(), decisions(12)
    topic.write(wanted)
    async with answering(receiver):
        webhook = webhook_to(receiver.url)
        first = delivering_to(webhook, topic, clock)
        async with running(first) as task:
            await until(lambda: first.failing)
            if why == "failing":
                clock.now += FIVE_DAYS - 1
                tried = len(receiver.tried)
                await until(lambda: len(receiver.tried) > tried + 5)
                assert not task.done()
                clock.now += 1
            await until(task.done)
        state = first.state()
        assert state.dead
        assert (state.dead.why, state.dead.life, state.failing is not None) == (why, 1, True)
        tried = len(receiver.tried)
        again = delivering_to(webhook, topic, clock, state)
        await again.run()
        assert (again.state(), len(receiver.tried)) == (state, tried)
        receiver.answer = lambda _body: web.Response()
        revived = delivering_to(msgspec.structs.replace(webhook, life=2), topic, clock, state)
        async with running(revived):
            await until(lambda: len(receiver.taken) == 12 and revived.waiting == 0)
    assert dict(receiver.taken) == shown(wanted)
    assert (revived.state().dead, revived.state().failing) == (None, None)


@pytest.mark.parametrize(
    ("places", "begins"),
    [((0, 0, 0), (1, 0, 0)), ((0, 0), (0, 0, 0)), ((999, 0, 0), (0, 0, 0))],
    ids=["older than the topic", "other partitions", "beyond the end"],
)
async def test_place_that_is_gone_kills(
    places: tuple[int, ...], begins: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the topic does not hold what comes next the webhook is dead: it never goes on with a gap."""
    monkeypatch.setattr("agents.gateway.live.replay.LOOK_SECONDS", 0.0)
    topic = MemoryTopic(begins=[*begins])
    topic.write(decisions(12))
    webhook = webhook_to("http://127.0.0.1:9/")
    delivering = delivering_to(webhook, topic, Clock(), DeliveryState(encode_places(places)))
    await delivering.run()
    dead = delivering.state().dead
    assert dead is not None
    assert (dead.why, delivering.state().places) == ("place-gone", encode_places(places))


async def test_redirects_are_not_followed_and_addresses_are_checked() -> None:
    """A redirect is a refusal whose target gets nothing; a private address gets nothing unless a setting allows it."""
    receiver = Answering(lambda _body: web.Response(status=307, headers={"Location": receiver.url}))
    topic, clock = MemoryTopic(), Clock()
    topic.write(decisions(1))
    async with answering(receiver):
        moved = delivering_to(webhook_to(receiver.url), topic, clock)
        async with running(moved):
            await until(lambda: moved.failing and moved.failing.attempts == 2)
        assert moved.failing
        assert (moved.failing.answer, len(receiver.tried)) == ("307", moved.failing.attempts)
        tried = len(receiver.tried)
        blocked: dict[str, Any] = {"allow_private": False}
        for settings, url in ((blocked, receiver.url), (blocked, receiver.url.replace("127.0.0.1", "localhost"))):
            delivering = delivering_to(webhook_to(url), topic, clock, **settings)
            async with running(delivering):
                await until(lambda each=delivering: each.failing)  # type: ignore[misc]
            assert delivering.failing
            assert delivering.failing.answer == "blocked"
    assert len(receiver.tried) == tried
