"""A decisions topic in memory, as a webhook's reader is given it, and an HTTP receiver that answers as it is told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiokafka import TopicPartition

from agents.gateway.live.followers import Bounds, Followers
from agents.gateway.live.places import encode_places
from agents.settings.webhooks_group import WebhooksSettings
from agents.webhooks.delivering import Delivering
from agents.webhooks.delivery_state import DeliveryState
from agents.webhooks.signing import signed_headers
from agents.webhooks.subscriptions import Webhook
from stream.decisions import Decision
from stream.partition import partition_of

TOPIC = "t.decisions.v1"
KEY = bytes(range(32))
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
PARTITIONS = 3
NOW = 1_800_000_000.0
ALLOWED = WebhooksSettings(
    allow_http=True, allow_private=True, retry_seconds=0.05, retry_seconds_longest=0.05, concurrency=3
)


@dataclass(frozen=True)
class Record:
    """A record as a consumer gives it."""

    topic: str
    partition: int
    offset: int
    value: bytes


@dataclass
class MemoryTopic:
    """Partitions of decisions; it is its own consumer, for one reader at a time."""

    records: list[list[Record]] = field(default_factory=lambda: [[] for _ in range(PARTITIONS)])
    begins: list[int] = field(default_factory=lambda: [0] * PARTITIONS)
    positions: dict[int, int] = field(default_factory=dict)

    def write(self, decisions: Iterable[Decision]) -> None:
        """Append decisions, each to its bill's partition."""
        for each in decisions:
            partition = partition_of(each.data.bill.encode(), PARTITIONS)
            held = self.records[partition]
            held.append(Record(TOPIC, partition, len(held), msgspec.json.encode(each)))

    @property
    def source(self) -> Followers:
        """Return it as where decisions come from."""
        return cast("Followers", self)

    @asynccontextmanager
    async def consumer(self) -> AsyncIterator["MemoryTopic"]:
        """Yield the consumer."""
        yield self

    async def bounds(self, _consumer: Any) -> Bounds:
        """Return what can be read."""
        return Bounds(self.begins, [len(held) for held in self.records])

    def assignment(self) -> set[TopicPartition]:
        """Return all partitions."""
        return {TopicPartition(TOPIC, number) for number in range(PARTITIONS)}

    def seek(self, where: TopicPartition, offset: int) -> None:
        """Go to an offset."""
        self.positions[where.partition] = offset

    async def getmany(self, **_limits: int) -> dict[TopicPartition, list[Record]]:
        """Return a few records of each partition."""
        await asyncio.sleep(0.001)
        found = {}
        for where in self.assignment():
            at = self.positions[where.partition]
            if records := self.records[where.partition][at : at + 5]:
                found[where] = records
                self.positions[where.partition] = at + len(records)
        return found

    async def position(self, where: TopicPartition) -> int:
        """Return where the reading is."""
        return self.positions[where.partition]

    def last_stable_offset(self, where: TopicPartition) -> int:
        """Return the end."""
        return len(self.records[where.partition])


@dataclass
class Answering:
    """An HTTP receiver: `answer` says what it answers to a body; what was taken is kept."""

    answer: Callable[[dict[str, Any]], web.Response] = lambda _body: web.Response()
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    url: str = ""
    busy: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    """What no delivery may be."""

    async def handle(self, request: web.Request) -> web.Response:
        """Check the signature with the test's own key, then answer as told."""
        body = await request.read()
        headers = request.headers
        expected = signed_headers([KEY], headers["webhook-id"], int(headers["webhook-timestamp"]), body)
        document = msgspec.json.decode(body)
        if headers["webhook-signature"] != expected["webhook-signature"]:
            self.wrong.append("signature")
        if headers["Content-Type"] != "application/json":
            self.wrong.append("content type")
        if document["bill"] in self.busy:
            self.wrong.append("two deliveries of one bill overlap")
        self.busy.add(document["bill"])
        await asyncio.sleep(0)
        self.busy.discard(document["bill"])
        self.tried.append(headers["webhook-id"])
        response = self.answer(document)
        if 200 <= response.status < 300:
            self.taken.append((headers["webhook-id"], body))
        return response


@asynccontextmanager
async def answering(receiver: Answering) -> AsyncIterator[Answering]:
    """Serve a receiver while the block runs."""
    app = web.Application()
    app.router.add_post("/hook", receiver.handle)
    app.router.add_get("/hook", receiver.handle)
    async with TestServer(app) as server:
        receiver.url = str(server.make_url("/hook"))
        yield receiver
    assert receiver.wrong == []


def webhook_to(url: str, **filters: Any) -> Webhook:
    """Return a webhook that begins at the beginning."""
    after = encode_places([0] * PARTITIONS)
    return Webhook(
        id="a1", url=url, secrets=(SECRET,), after=after, created=datetime(2026, 1, 1, tzinfo=UTC), **filters
    )


class Clock:
    """Seconds since 1970, as a test says."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def delivering_to(
    webhook: Webhook, topic: MemoryTopic, clock: Clock, state: DeliveryState | None = None, **settings: Any
) -> Delivering:
    """Return what delivers, without jitter."""
    allowed = ALLOWED.model_copy(update=settings)
    kept = state or DeliveryState(webhook.after)
    return Delivering(webhook, kept, topic.source, allowed, "us-321", clock=clock, chance=lambda: 0.0)


@asynccontextmanager
async def running(delivering: Delivering) -> AsyncIterator["asyncio.Task[None]"]:
    """Run it while the block runs, then end it in order."""
    task = asyncio.create_task(delivering.run())
    try:
        yield task
    finally:
        await delivering.close()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], object]) -> None:
    """Wait until something holds."""
    while not condition():  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0.002)
