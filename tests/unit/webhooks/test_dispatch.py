"""All webhooks of a file: started and stopped as it says, kept over outages of Kafka, and apart from each other."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiokafka.errors import KafkaConnectionError

from agents.kafka.connection import Connection
from agents.webhooks import dispatch
from agents.webhooks.delivering import Delivering
from agents.webhooks.delivery_state import DeliveryState, state_in, state_key
from agents.webhooks.dispatch import Dispatch
from agents.webhooks.subscriptions import Webhook, add_webhook, enable_webhook, remove_webhook
from agents.webhooks.webhook_metrics import WEBHOOKS
from stream.topics import Topics
from tests.redis.events import decision
from tests.unit.webhooks.memory_topic import ALLOWED, KEY, Answering, MemoryTopic, answering, until, webhook_to

TOPICS = Topics(prefix="t")


class ControlTopic:
    """The control topic in memory: it takes the place of its reader and of its writer."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}
        self.away = False

    async def read(self, *_where: object) -> dict[bytes, bytes]:
        """Return its rows."""
        self._ask()
        return dict(self.rows)

    async def write(self, rows: Mapping[bytes, bytes]) -> None:
        """Take rows."""
        self._ask()
        self.rows |= rows

    async def close(self) -> None:
        """Do nothing."""

    def state(self, webhook: Webhook) -> DeliveryState | None:
        """Return what it holds of a webhook."""
        return state_in(self.rows, TOPICS, webhook.id)

    def _ask(self) -> None:
        if self.away:
            raise KafkaConnectionError


@pytest.fixture
def control(monkeypatch: pytest.MonkeyPatch) -> ControlTopic:
    """Put a control topic in memory behind what dispatches, which looks often."""
    made = ControlTopic()
    monkeypatch.setattr(dispatch, "read_states", made.read)
    monkeypatch.setattr(dispatch, "StateWriter", lambda *_where: made)
    monkeypatch.setattr(dispatch, "LOOK_SECONDS", 0.01)
    return made


def added(file: Path, url: str, number: int) -> Webhook:
    """Add a webhook with an id of its own, and the secret that receivers check by."""
    return add_webhook(file, webhook_to(url), lambda count: KEY if count == len(KEY) else bytes([number]) * count)


@asynccontextmanager
async def dispatching(file: Path, topic: Callable[[], MemoryTopic]) -> AsyncIterator[Dispatch]:
    """Serve the webhooks of a file while the block runs, each from a topic as it is given."""

    def make(webhook: Webhook, state: DeliveryState, _source: Any, *more: Any) -> Delivering:
        return Delivering(webhook, state, topic().source, *more, chance=lambda: 0.0)

    made, stop = Dispatch(file, Connection(""), TOPICS, ALLOWED, "us-321", make), asyncio.Event()
    running = asyncio.create_task(made.run(stop))
    try:
        yield made
    finally:
        stop.set()
        await running
        WEBHOOKS.registry.unregister(made.shown.reading)


def is_dead(made: Dispatch, webhook: Webhook) -> bool:
    """Return whether a webhook is served, and dead."""
    found = made.shown.webhooks.get(webhook.id)
    return found is not None and found.dead is not None


def topic_of(count: int) -> MemoryTopic:
    """Return a topic with so many decisions."""
    topic = MemoryTopic()
    topic.write(decision(f"ACME{number:04d}") for number in range(count))
    return topic


async def test_file_is_followed(control: ControlTopic, tmp_path: Path) -> None:
    """Webhooks start when they are added, stop when removed, and begin where the control topic says at a restart."""
    file, well, refusing = tmp_path / "webhooks.json", Answering(), Answering(lambda _body: web.Response(status=500))
    async with answering(well), answering(refusing):
        async with dispatching(file, partial(topic_of, 9)) as made:
            first = added(file, well.url, 1)
            await until(lambda: len(well.taken) == 9)
            second = added(file, refusing.url, 2)
            await until(lambda: len(refusing.tried) > 3)
            assert set(made.shown.webhooks) == {first.id, second.id}
            assert remove_webhook(file, first.id)
            await until(lambda: set(made.shown.webhooks) == {second.id})
        kept = control.state(second)
        assert kept
        assert kept.places == second.after
        assert kept.failing
        async with dispatching(file, partial(topic_of, 9)):
            refusing.answer = lambda _body: web.Response()
            await until(lambda: len(refusing.taken) == 9 and control.state(second) != kept)
        tried = len(refusing.tried)
        async with dispatching(file, partial(topic_of, 9)) as made:
            await until(lambda: made.shown.webhooks and made.shown.webhooks[second.id].lag == 0)
            await asyncio.sleep(0.05)
        assert (len(refusing.tried), len(well.taken)) == (tried, 9)


async def test_dead_one_is_enabled(control: ControlTopic, tmp_path: Path) -> None:
    """A webhook that died stays dead over a restart, and lives on from its place once enabled, without a restart."""
    file, receiver = tmp_path / "webhooks.json", Answering(lambda _body: web.Response(status=410))
    async with answering(receiver):
        webhook = added(file, receiver.url, 1)
        for _ in range(2):
            async with dispatching(file, partial(topic_of, 9)) as made:
                await until(partial(is_dead, made, webhook))
        state = control.state(webhook)
        assert state
        assert state.dead
        assert 1 <= len(receiver.tried) <= ALLOWED.concurrency
        receiver.answer = lambda _body: web.Response()
        async with dispatching(file, partial(topic_of, 9)):
            enable_webhook(file, webhook.id)
            await until(lambda: len({each for each, _ in receiver.taken}) == 9)
    last = control.state(webhook)
    assert last
    assert last.dead is None


async def test_trouble_stays_where_it_is(control: ControlTopic, tmp_path: Path) -> None:
    """Neither a damaged file, nor a row that cannot be read, nor Kafka away stops what runs; and it is told."""
    file, receiver = tmp_path / "webhooks.json", Answering()
    async with answering(receiver):
        bad, good = added(file, receiver.url, 1), added(file, receiver.url, 2)
        control.rows[state_key(TOPICS, bad.id)] = b"{"
        topic = topic_of(3)
        async with dispatching(file, lambda: topic) as made:
            await until(lambda: len(receiver.taken) == 3 and made.shown.lost == [bad.id])
            whole = file.read_bytes()
            file.write_text("[")
            await until(lambda: made.shown.unready() == "the webhooks file cannot be read")
            control.away = True
            topic.write([decision("ACME0100")])
            await until(lambda: len(receiver.taken) == 4 and made.shown.unsaved_since is not None)
            file.write_bytes(whole)
            control.away = False
            await until(lambda: made.shown.unready() == "")
    last = control.state(good)
    assert last
    assert sum(int(each, 16) for each in last.places.split(".")[1:]) == 4
    assert control.rows[state_key(TOPICS, bad.id)] == b"{"
    assert msgspec.json.decode(control.rows[state_key(TOPICS, good.id)])["failing"] is None
