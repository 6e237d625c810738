"""Watched bills: of each the current decision on every conveyance, shared by all scanners that watch it.

A watch joins what Redis holds with what the feed has read, by rank. It is complete when Redis has applied everything
before the offset from which the watch has the feed's decisions; offsets show that, not clocks. From then on the feed
alone keeps it complete, even without Redis. Until then it is shown as stale, and Redis is asked again.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final, Protocol

import msgspec

from agents.gateway.endpoints.views import AnswerFreshness, BillView, unknown, verdict
from agents.gateway.http.gateway_metrics import verdict_written
from agents.gateway.live.feed import Feed
from agents.gateway.live.window import WindowEntry
from agents.readmodel.queries import BillReading
from agents.readmodel.store import StoreError
from stream.answers import choose, replaces
from stream.decisions import Decision
from stream.partition import partition_of
from stream.postings import US_321

READ_SECONDS: Final = 1.0
"""How long a scanner waits for Redis; then it is shown what is known, as stale."""
READS: Final = 16
"""Questions to Redis at a time."""
AGAIN_SECONDS: Final = 0.5
YIELD_EVERY: Final = 50


class Viewer(Protocol):
    """A scanner that watches bills."""

    audit: bool

    def show(self, message: bytes) -> None:
        """Show a verdict."""


class Bills(Protocol):
    """Where a bill's decisions up to a little while ago are kept."""

    async def bill(self, bill: str) -> BillReading:
        """Return what is known of a bill. Raise StoreError."""


class Watch:
    """One watched bill."""

    def __init__(self, bill: str) -> None:
        self.bill = bill
        self.since: int | None = None
        """`known` has every decision of the bill from this offset on that is not outranked."""
        self.partition = 0
        self.known: dict[str, Decision] = {}
        self.complete = False
        self.asking: asyncio.Task[None] | None = None
        self.held = 0
        """How many scanners are about to join."""
        self.viewers: dict[Viewer, None] = {}
        self.told: dict[bool, tuple[str | None, BillView]] = {}
        """By scope: id of the decision last shown, and its view without the time."""

    def take(self, decisions: Iterable[Decision]) -> bool:
        """Take decisions in any order; return whether one of them is current now."""
        changed = False
        for decision in decisions:
            before = self.known.get(decision.data.conveyance)
            if replaces(decision.data, before.data if before else None):
                self.known[decision.data.conveyance] = decision
                changed = True
        return changed

    def shown(self, freshness: AnswerFreshness, *, audit: bool, default: str = US_321) -> tuple[str | None, BillView]:
        """Return the id of the decision that counts, and what is shown of the bill."""
        chosen, others = choose(self.known.values())
        if chosen is None:
            return None, unknown(self.bill, freshness)
        return chosen.id, verdict(chosen, audit=audit, freshness=freshness, others=others, default=default)


class Watches:
    """All watched bills of the process."""

    def __init__(self, feed: Feed, bills: Bills, default: str = US_321) -> None:
        """Watch bills in a feed; `default` is the programme that no line names."""
        self._default = default
        self._feed = feed
        self._bills = bills
        self._watches: dict[str, Watch] = {}
        self._slots = asyncio.Semaphore(READS)
        self._away = False
        """Redis did not answer when it was last asked."""
        feed.heard.append(self._hear)

    def __len__(self) -> int:
        return len(self._watches)

    async def join(self, bill: str, viewer: Viewer) -> None:
        """Add a scanner to a bill, and show it what is known within about a second, whatever Redis does."""
        watch = self._watches.get(bill)
        if watch is None:
            watch = self._watches[bill] = Watch(bill)
            self._seed(watch)
        watch.held += 1
        try:
            await self._asked(watch)
            # No pause from here on: what comes later is told as a change.
            self._tell(watch)
            watch.viewers[viewer] = None
            viewer.show(self._message(watch, audit=viewer.audit, changed=False))
        finally:
            watch.held -= 1
            self._drop_if_idle(watch)

    def leave(self, bill: str, viewer: Viewer) -> None:
        """Take a scanner off a bill."""
        watch = self._watches.get(bill)
        if watch is not None:
            watch.viewers.pop(viewer, None)
            self._drop_if_idle(watch)

    def forget(self) -> None:
        """Forget everything: the topic is another one."""
        self._watches.clear()

    async def tell_all(self) -> None:
        """Look at every watch again, since the feed has become stale or live."""
        for number, watch in enumerate([*self._watches.values()]):
            self._tell(watch)
            if number % YIELD_EVERY == 0:
                await asyncio.sleep(0)

    async def ask_again(self) -> None:
        """Ask Redis about incomplete watches, again and again; never returns."""
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            for watch in [each for each in self._watches.values() if not each.complete and each.asking is None]:
                await self._ask(watch)
                if self._away:
                    break

    def _drop_if_idle(self, watch: Watch) -> None:
        if not watch.viewers and not watch.held and self._watches.get(watch.bill) is watch:
            del self._watches[watch.bill]

    def _hear(self, came: Sequence[WindowEntry]) -> None:
        for entry in came:
            watch = self._watches.get(entry.decision.data.bill)
            if watch is not None and watch.take((entry.decision,)):
                self._tell(watch)
                if not entry.is_past:
                    verdict_written("scan", (self._feed.clock() - entry.record_ms) / 1_000)

    def _seed(self, watch: Watch) -> None:
        """Begin with what the window holds."""
        window = self._feed.window
        if watch.since is None and window.partitions:
            watch.partition = partition_of(watch.bill.encode(), window.partitions)
            watch.since = window.starts[watch.partition]
            watch.take(self._feed.decisions(watch.bill))

    async def _asked(self, watch: Watch) -> None:
        if watch.complete or self._away:
            return
        watch.asking = watch.asking or asyncio.create_task(self._ask(watch))
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(watch.asking), READ_SECONDS)

    async def _ask(self, watch: Watch) -> None:
        """Ask Redis, and take what it says."""
        try:
            async with self._slots:
                self._seed(watch)
                async with asyncio.timeout(READ_SECONDS):
                    reading = await self._bills.bill(watch.bill)
            self._away = False
        except (StoreError, TimeoutError):
            self._away = True
            return
        finally:
            watch.asking = None
        watch.take(reading.decisions)
        reached = reading.freshness.reached.get(watch.partition)
        if watch.since is not None and reached is not None and not reading.freshness.sweeping:
            watch.complete = watch.complete or reached >= watch.since
        self._tell(watch)

    def _freshness(self, watch: Watch) -> AnswerFreshness:
        return AnswerFreshness(self._feed.as_of() if watch.complete else None, not (watch.complete and self._feed.live))

    def _tell(self, watch: Watch) -> None:
        """Show every scanner that watches the bill what is known, if it differs from what they saw."""
        freshness = AnswerFreshness(None, self._freshness(watch).stale)
        messages: dict[bool, bytes | None] = {}
        for viewer in [*watch.viewers]:
            audit = viewer.audit
            if audit not in messages:
                before, now = watch.told.get(audit), watch.shown(freshness, audit=audit, default=self._default)
                differs = before is None or before[1] != now[1]
                changed = before is None or before[0] != now[0]
                messages[audit] = self._message(watch, audit=audit, changed=changed) if differs else None
            message = messages[audit]
            if message is not None:
                viewer.show(message)

    def _message(self, watch: Watch, *, audit: bool, changed: bool) -> bytes:
        freshness = self._freshness(watch)
        watch.told[audit] = watch.shown(AnswerFreshness(None, freshness.stale), audit=audit, default=self._default)
        body = msgspec.json.encode(watch.shown(freshness, audit=audit, default=self._default)[1])
        return b'{"type":"verdict","changed":%s,%s' % (b"true" if changed else b"false", body[1:])
