"""One webhook: it reads the topic from its place, and lanes deliver what passes its filters, each bill in order.

A bill belongs to one lane, and a lane does one delivery at a time, so that nothing overtakes within a bill. When a
receiver is down the lanes fill and the reading waits; other webhooks have readers and lanes of their own. A delivery is
never given up: it succeeds, or the webhook dies with its place kept.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from agents.gateway.endpoints.views import verdict
from agents.gateway.live.feed import read_decision
from agents.gateway.live.followers import Followers
from agents.gateway.live.places import PlaceError, decode_places, encode_places
from agents.gateway.live.replay import GoneError, check_held
from agents.settings.webhooks_group import WebhooksSettings
from agents.webhooks.delivery_state import Dead, Death, DeliveryState, Failing
from agents.webhooks.progress import Progress
from agents.webhooks.receiver import GONE, Delivery, Receiver, ReceiverAnswer, open_receiver
from agents.webhooks.signing import message_id
from agents.webhooks.subscriptions import Webhook
from agents.webhooks.waits import as_instant, wait_seconds
from agents.webhooks.webhook_metrics import begin_attempts, count_attempt
from stream.partition import partition_of

log = logging.getLogger(__name__)

WAITING_A_LANE: Final = 32
RECORDS_A_TURN: Final = 200
POLL_MS: Final = 200
AWAY_SECONDS: Final = 1.0
DAY_SECONDS: Final = 86_400.0
CLOSE_SECONDS: Final = 5.0
"""How long requests under way may still take at a stop; what is cut off is delivered again."""


class DeathError(Exception):
    """The webhook cannot go on."""

    def __init__(self, why: Death) -> None:
        super().__init__(why)
        self.why: Death = why


class Delivering:
    """Delivers for one webhook until it dies or is cancelled."""

    def __init__(
        self,
        webhook: Webhook,
        state: DeliveryState,
        source: Followers,
        settings: WebhooksSettings,
        default: str,
        *,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Go on from `state`; `default` is the programme that no line names. `chance` returns a number from 0 to 1."""
        self.webhook = webhook
        self.lag = 0
        self.away = False
        """Kafka does not answer."""
        self.dead = state.dead if state.dead and state.dead.life == webhook.life else None
        self._carried = state.failing if self.dead or not state.dead else None
        """The oldest that failed before a restart, until it is tried again; a webhook in a new life begins without."""
        self._failing: dict[tuple[int, int], Failing] = {}
        self._source = source
        self._settings = settings
        self._wanted = webhook.wanted(default)
        self._clock = clock
        self._chance = chance
        self._places = state.places
        self._progress: Progress | None = None
        self._lanes: list[asyncio.Queue[Delivery]] = []
        self._held_until = 0.0
        self._attempts: set[asyncio.Task[ReceiverAnswer]] = set()
        self._closing = False

    @property
    def failing(self) -> Failing | None:
        """Return the oldest delivery that fails."""
        known = [*self._failing.values(), *([self._carried] if self._carried else ())]
        return min(known, key=lambda each: each.since, default=None)

    @property
    def waiting(self) -> int:
        """Return how many deliveries are not done."""
        return self._progress.waiting if self._progress else 0

    def state(self) -> DeliveryState:
        """Return what is to be kept."""
        places = encode_places(self._progress.places()) if self._progress else self._places
        return DeliveryState(places, self.failing, self.dead)

    async def run(self) -> None:
        """Deliver until the webhook dies; a dead one returns at once."""
        if self.dead:
            return
        begin_attempts(self.webhook.id)
        try:
            progress = self._progress = Progress(decode_places(self._places))
            self._lanes = [asyncio.Queue(WAITING_A_LANE) for _ in range(self._settings.concurrency)]
            async with (
                open_receiver(self.webhook, self._settings, self._clock) as receiver,
                asyncio.TaskGroup() as group,
            ):
                for lane in self._lanes:
                    group.create_task(self._serve(lane, receiver, progress))
                group.create_task(self._read(progress))
        except* DeathError as group_error:
            self._die(next(_leaves(group_error)).why)
        except* PlaceError:
            self._die("place-gone")

    async def close(self) -> None:
        """Begin no further attempt, and let those under way end."""
        self._closing = True
        if self._attempts:
            await asyncio.wait(self._attempts, timeout=CLOSE_SECONDS)
        await asyncio.sleep(0)  # their lanes note what is done

    def _die(self, why: Death) -> None:
        since = as_instant(self._clock())
        self.dead = Dead(self.webhook.life, why, since)
        more = {"incident": "webhook-dead", "webhook": self.webhook.id, "code": why}
        log.error("webhook %s is dead (%s); nothing more is delivered", self.webhook.id, why, extra=more)

    async def _read(self, progress: Progress) -> None:
        """Read the topic for ever, whatever Kafka does. Raise DeathError."""
        while True:
            try:
                async with self._source.consumer() as consumer:
                    await check_held(progress.read, lambda: self._source.bounds(consumer))
                    for where in consumer.assignment():
                        consumer.seek(where, progress.read[where.partition])
                    self._say_back()
                    while True:
                        await self._turn(consumer, progress)
            except (GoneError, OffsetOutOfRangeError):
                raise DeathError("place-gone") from None
            except (KafkaError, OSError) as error:
                if not self.away:
                    log.warning("webhook %s waits for Kafka (%s)", self.webhook.id, type(error).__name__)
                self.away = True
                await asyncio.sleep(AWAY_SECONDS)

    def _say_back(self) -> None:
        if self.away:
            log.info("webhook %s reads again", self.webhook.id)
        self.away = False

    async def _turn(self, consumer: AIOKafkaConsumer, progress: Progress) -> None:
        fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_A_TURN)
        for records in fetched.values():
            for record in records:
                await self._take(record, progress)
        lag = 0
        for where in consumer.assignment():
            # Transactions leave offsets that hold no record.
            position = await consumer.position(where)
            progress.reach(where.partition, position)
            lag += max(0, (consumer.last_stable_offset(where) or 0) - position)
        self.lag = lag

    async def _take(self, record: Any, progress: Progress) -> None:
        """Put a decision that passes the filters into its bill's lane; waits while that is full."""
        if record.offset < progress.read[record.partition]:
            return  # it was read before Kafka went away
        decision = read_decision(record)
        if decision is None or not self._wanted.wants(decision):
            progress.reach(record.partition, record.offset + 1)
            return
        body = msgspec.json.encode(verdict(decision, audit=False, default=self._wanted.default))
        delivery = Delivery(message_id(record.topic, decision), body, record.partition, record.offset)
        lane = partition_of(decision.data.bill.encode(), len(self._lanes))
        progress.take(record.partition, record.offset)
        await self._lanes[lane].put(delivery)

    async def _serve(self, lane: asyncio.Queue[Delivery], receiver: Receiver, progress: Progress) -> None:
        """Deliver what comes into a lane, one after the other. Raise DeathError."""
        while True:
            delivery = await lane.get()
            await self._deliver(delivery, receiver)
            progress.done(delivery.partition, delivery.offset)

    async def _deliver(self, delivery: Delivery, receiver: Receiver) -> None:
        """Try until it is delivered. Raise DeathError."""
        place, failures = (delivery.partition, delivery.offset), 0
        while True:
            await self._wait_turn()
            answer = await self._attempt(receiver.post(delivery.id, delivery.body))
            count_attempt(self.webhook.id, answer.result)
            if answer.result == "delivered":
                self._failing.pop(place, None)
                if self._carried and (self._carried.partition, self._carried.offset) == place:
                    self._carried = None
                return
            failures += 1
            self._note_failure(place, answer)
            self._held_until = max(self._held_until, self._clock() + answer.retry_after)
            longest = self._settings.retry_seconds_longest
            await asyncio.sleep(wait_seconds(failures, self._settings.retry_seconds, longest, self._chance))

    async def _wait_turn(self) -> None:
        """Wait until the receiver wants to be asked again; for ever once the webhook is being closed."""
        while (left := self._held_until - self._clock()) > 0:  # noqa: ASYNC110 - another lane may prolong it
            await asyncio.sleep(left)
        if self._closing:
            await asyncio.Event().wait()

    async def _attempt(self, posting: Coroutine[Any, Any, ReceiverAnswer]) -> ReceiverAnswer:
        attempt = asyncio.create_task(posting)
        self._attempts.add(attempt)
        try:
            return await attempt
        finally:
            self._attempts.discard(attempt)
            attempt.cancel()

    def _note_failure(self, place: tuple[int, int], answer: ReceiverAnswer) -> None:
        """Note a failure. Raise DeathError if it is one too many."""
        former = self._failing.get(place)
        if former is None and self._carried and (self._carried.partition, self._carried.offset) == place:
            former, self._carried = self._carried, None
        now = self._clock()
        since = former.since if former else as_instant(now)
        attempts = 1 + (former.attempts if former else 0)
        self._failing[place] = Failing(*place, since, answer.word, attempts)
        if answer.status == GONE:
            raise DeathError("gone")
        if now - since.timestamp() >= self._settings.dead_days * DAY_SECONDS:
            raise DeathError("failing")
        if attempts == 1:
            more = {"webhook": self.webhook.id, "code": answer.word}
            log.warning("webhook %s: a delivery fails (%s); trying again", self.webhook.id, answer.word, extra=more)


def _leaves(group: BaseExceptionGroup[DeathError]) -> Iterator[DeathError]:
    """Yield the errors of a group, and of groups in it."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
