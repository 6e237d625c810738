"""Runs the demo: broker, workers, publisher, reader and view, started in order and all ended."""

import asyncio
import contextlib
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from rich.console import Console
from rich.live import Live

from agents.demo import view
from agents.demo.agenda import Planned
from agents.demo.choosing import choose, days_kept
from agents.demo.counts import OutputCounts
from agents.demo.day_player import BATCH_BYTES, DayPlayer
from agents.demo.demo_state import DemoState
from agents.demo.demo_summary import claims, summary
from agents.demo.demo_token import make_demo_token
from agents.demo.demo_topics import own_topics
from agents.demo.fitting import fitting
from agents.demo.latency import Latency
from agents.demo.output_reader import OutputReader
from agents.demo.played import Played
from agents.embedded.children import EmbeddedChild, start_children
from agents.embedded.embedded_broker import PARTITIONS, check_log_starts, embedded_broker
from agents.embedded.embedded_redis import embedded_redis
from agents.embedded.ending import first_of, stop_signals
from agents.embedded.messages import ChildSpec
from agents.kafka.clients import open_producer
from agents.kafka.connection import Connection
from agents.kafka.log_reader import open_reader
from stream.postings import US_321
from stream.topics import RECORD_BYTES_MAX, Topics

FRAME_SECONDS: Final = 0.25
PHASE_SECONDS: Final = 0.1
LINE_SECONDS: Final = 5.0
QUIET_SECONDS: Final = 1.0
"""The day is over when no worker has counted anything and no decision has come for this long."""
SETTLE_SECONDS: Final = 60.0


class DemoOptions(NamedTuple):
    """Options of a demo."""

    bills: int
    seconds: float
    seed: int
    brokers: str | None = None
    """A Kafka; None: the embedded broker."""
    plain: bool = False
    """Print lines instead of a screen, as without a terminal."""
    stay: bool = False
    """Go on after the day until Ctrl-C, so that its bills can be scanned."""
    command: str = "tallygate"
    """How the user called this command, for the advice at the end."""
    programme: str = US_321
    """`us-321`: the day of August 2025; else weeks of a courier under this programme."""


class PrivateFiles(NamedTuple):
    """Secrets of this day, in files that only this user may read."""

    secret: str
    tokens: str
    token: str


class Demo:
    """One run of the demo."""

    def __init__(self, options: DemoOptions, console: Console) -> None:
        self._options = options
        self._console = console
        self._stop = asyncio.Event()
        self._topics = Topics(prefix=f"tallygate-demo-{secrets.token_hex(3)}")
        self._children: list[EmbeddedChild] = []

    async def run(self) -> bool:
        """Run the day, print the summary, and return whether every sum is right."""
        started = time.monotonic()
        played, day = self._make_day()
        async with AsyncExitStack() as stack:
            stack.enter_context(stop_signals(self._stop, self._end_at_once))
            demo = await self._perform(stack, played, day)
        for line in summary(demo, time.monotonic() - started, self._options.command):
            self._print(line)
        return all(claim.holds for claim in claims(demo))

    def _make_day(self) -> tuple[Played, list[Planned]]:
        played, day = choose(self._options.bills, self._options.seed, self._options.programme)
        return played, list(fitting(day) if self._options.brokers is None else day)

    async def _perform(self, stack: AsyncExitStack, played: Played, day: Sequence[Planned]) -> DemoState:
        """Start everything in order; end it in the opposite order in every case."""
        embedded = self._options.brokers is None
        redis = await stack.enter_async_context(embedded_redis())
        brokers = await stack.enter_async_context(self._broker())
        producer = await stack.enter_async_context(_producer(brokers))
        consumer = await stack.enter_async_context(_consumer(brokers, embedded=embedded))
        latency, tally = Latency(), OutputCounts()
        publisher = DayPlayer(producer, self._topics.shipments, PARTITIONS, latency)
        demo = DemoState(publisher, tally, latency, len(day), played)
        reader = OutputReader(consumer, self._topics, PARTITIONS, tally, latency)
        await stack.enter_async_context(_showing(self._view(demo)))
        files = stack.enter_context(_private_files())
        spec = self._spec(brokers, redis.url, files)
        self._children = await start_children(stack, spec, demo.counts.__setitem__)
        await reader.open()
        guards = [redis.died(), *(child.died() for child in self._children)]
        if embedded:
            guards.append(_guard_logs(consumer, self._topics))
        await first_of(self._day(demo, publisher, day, files.token), reader.run(), *guards)
        demo.phase = "ending"
        await asyncio.gather(*(child.finish() for child in self._children))
        await reader.finish()
        return demo

    async def _day(self, demo: DemoState, publisher: DayPlayer, day: Sequence[Planned], token: str) -> None:
        """Wait for the workers, play the day, wait until all of it is judged, and with `stay` until Ctrl-C."""
        demo.phase = "workers join their groups"
        await first_of(self._ready(), self._stop.wait())
        if not self._stop.is_set():
            # The page reads the token from behind the #, which browsers do not send to a server.
            demo.page = f"{self._children[-1].address}/#{token}"
            if not self._console.is_terminal or self._options.plain:
                self._print(f"Scan its bills at {demo.page}")
            demo.phase = demo.played.phase
            await publisher.play(day, self._options.seconds, self._stop)
        demo.phase = "the last decisions"
        await _settled(demo)
        if self._options.stay and not self._stop.is_set():
            demo.phase = f"the {demo.played.span} is over; scan its bills, Ctrl-C ends it"
            await self._stop.wait()

    async def _ready(self) -> None:
        await asyncio.gather(*(child.ready() for child in self._children))

    def _spec(self, brokers: str, redis: str, files: PrivateFiles) -> ChildSpec:
        prefix, epoch, embedded = self._topics.prefix, self._topics.epoch, self._options.brokers is None
        return ChildSpec(
            "", brokers, prefix, epoch, PARTITIONS, files.secret, embedded, redis, files.tokens, self._options.programme
        )

    @asynccontextmanager
    async def _broker(self) -> AsyncIterator[str]:
        """Yield the address of a broker that has the topics."""
        if self._options.brokers is None:
            async with embedded_broker([plan.name for plan in self._topics.plans()]) as broker:
                yield broker.address
            return
        days = days_kept(self._options.programme)
        async with own_topics(self._options.brokers, self._topics, PARTITIONS, days):
            yield self._options.brokers

    async def _view(self, demo: DemoState) -> None:
        """Show the state for ever: a screen on a terminal, else lines."""
        try:
            if self._options.plain or not self._console.is_terminal:
                await self._print_lines(demo)
            else:
                await self._draw(demo)
        except SystemExit:
            # rich raises it when the reader of the output has gone (`| head`); the day still ends in order.
            self._stop.set()

    async def _print_lines(self, demo: DemoState) -> None:
        bills, seconds = self._options.bills, self._options.seconds
        whole = f"{bills:,} bills, {demo.planned:,} events, in about {seconds:.0f} s; Ctrl-C ends it."
        self._print(f"{demo.played.title} of {whole}")
        due, said, period = time.monotonic() + LINE_SECONDS, demo.phase, demo.period
        while True:
            await asyncio.sleep(PHASE_SECONDS)
            if demo.period != period:
                period = demo.period
                self._print(f"{demo.clock}  a {demo.played.column} of {demo.played.name} begins: {period}")
            # A phase may end before the next line is due, so each phase begins with a line.
            if demo.phase != said or time.monotonic() >= due:
                due, said = time.monotonic() + LINE_SECONDS, demo.phase
                self._print(view.line(demo, demo.rates(time.monotonic())))

    async def _draw(self, demo: DemoState) -> None:
        console = self._console
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                live.update(view.screen(demo, demo.rates(time.monotonic()), console.height), refresh=True)
                await asyncio.sleep(FRAME_SECONDS)

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _end_at_once(self) -> None:
        """End at once: a second Ctrl-C."""
        for child in self._children:
            child.kill()


@contextlib.contextmanager
def _private_files() -> Iterator[PrivateFiles]:
    """Make a secret for consignee keys and a token, readable by this user only, and remove them at the end."""
    with tempfile.TemporaryDirectory(prefix="tallygate-demo-") as folder:
        secret, tokens = Path(folder, "secret"), Path(folder, "tokens.json")
        secret.write_text(secrets.token_hex(32))
        yield PrivateFiles(str(secret), str(tokens), make_demo_token(tokens))


def _producer(brokers: str) -> AbstractAsyncContextManager[AIOKafkaProducer]:
    return open_producer(
        Connection(brokers),
        compression_type="lz4",
        max_batch_size=BATCH_BYTES,
        max_request_size=2 * RECORD_BYTES_MAX,
    )


def _consumer(brokers: str, *, embedded: bool) -> AbstractAsyncContextManager[AIOKafkaConsumer]:
    # The embedded broker writes commit markers without a checksum, and answers an empty fetch no sooner than this.
    return open_reader(Connection(brokers), check_crcs=not embedded, fetch_max_wait_ms=10 if embedded else 100)


@asynccontextmanager
async def _showing(endless: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run a coroutine beside the block until the block ends."""
    task = asyncio.create_task(endless)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _settled(demo: DemoState) -> None:
    """Wait until everything published is judged and nothing more comes; the sums show later if this was too early."""
    deadline = time.monotonic() + SETTLE_SECONDS
    seen, since = None, time.monotonic()
    while time.monotonic() < deadline:
        judged = {step: counts.records for step, counts in demo.counts.items()}
        if (judged, demo.tally.decisions) != seen:
            seen, since = (judged, demo.tally.decisions), time.monotonic()
        read = demo.tally.decisions + demo.tally.alerts.total()
        done = judged.get("manifest", 0) == demo.publisher.total and judged.get("projection", 0) == read
        if done and time.monotonic() - since > QUIET_SECONDS:
            return
        await asyncio.sleep(0.1)


async def _guard_logs(consumer: AIOKafkaConsumer, topics: Topics) -> None:
    """Raise LogMovedError when the embedded broker begins to drop records."""
    partitions = [TopicPartition(plan.name, number) for plan in topics.plans() for number in range(PARTITIONS)]
    while True:
        check_log_starts(await consumer.beginning_offsets(partitions))
        await asyncio.sleep(1.0)
