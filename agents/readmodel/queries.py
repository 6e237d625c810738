"""The reading side, for the gateway: a bill's answer, lists of bills, and a consignee's day.

Each answer comes with `Freshness`, read at the same moment: GO may be shown only if the read model is up to date.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Self

import msgspec

from agents.readmodel.bill_lists import (
    BEGINNING,
    LISTED_MAX,
    BillSelection,
    Counts,
    PageStart,
    bill_page,
    counts_of,
    page_arguments,
)
from agents.readmodel.items import event_of, stated_of
from agents.readmodel.keys import LISTS, Keys, ledger_name
from agents.readmodel.store import StoreAwayError, StoreSettings, connect, own_errors, script
from state.rules.programmes import Programme
from stream.alerts import Alert
from stream.answers import choose
from stream.decisions import Decision, Measure
from stream.periods import CONVEYANCE, period_of
from stream.postings import US_321

BILLS_A_PAGE: Final = 1_000
AT_A_TIME: Final = 32
"""Most reads of bills and days at a time."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_decision: Final = msgspec.json.Decoder(Decision).decode
_alert: Final = msgspec.json.Decoder(Alert).decode


class Freshness(msgspec.Struct, frozen=True):
    """How far the read model was filled."""

    as_of: datetime | None
    """It holds everything committed up to then; None while it is being filled: answers may be old or missing."""
    sweeping: bool = False
    """A rebuild is removing its keys."""
    reached: Mapping[int, int] = {}
    """For each partition of the decisions topic, the offset before which it holds everything."""


class BillReading(msgspec.Struct, frozen=True):
    """What is known about a bill."""

    answer: Decision | None
    """The decision that counts for a scanner (DESIGN section 3); None: unknown."""
    decisions: tuple[Decision, ...]
    """The current decision on each of its conveyances, by conveyance."""
    freshness: Freshness
    stated: datetime | None = None
    """When the bill was first stated, by the earliest event on a conveyance that is kept here."""


class ListReading(msgspec.Struct, frozen=True):
    """A page of the bills of a conveyance or a day."""

    answers: tuple[Decision, ...]
    """Each bill's answer, by bill. There may be none, though further pages have some."""
    next: str | None
    """Where the next page begins; None: this was the last."""
    freshness: Freshness


class CountsReading(msgspec.Struct, frozen=True):
    """How many bills conveyances have, by outcome."""

    counts: Mapping[str, Counts]
    """By conveyance; all its bills, whatever their day."""
    freshness: Freshness


class DayReading(msgspec.Struct, frozen=True):
    """A consignee's day under us-321, or a ledger of another programme."""

    total_cents: int
    """The released total: sum of the counted values of the bills that count."""
    limit_cents: int | None
    """The limit in the latest of the bills read here; None if none has one."""
    bills_count: int
    """Bills whose current decision is on the day."""
    bills: tuple[Decision, ...]
    """The bills asked for, in the order in which they were first stated, then by conveyance and bill."""
    alerts: tuple[Alert, ...]
    """Those of this day and those of no single day, such as `structuring`; oldest first, of the latest epoch."""
    freshness: Freshness
    measures: tuple[Measure, ...] = ()
    """What limits that are not on value came to, as the latest decision among the bills read here states it."""

    @property
    def headroom_cents(self) -> int | None:
        """Limit less total; below zero only under `all_or_none`."""
        return None if self.limit_cents is None else self.limit_cents - self.total_cents


class ReadModel:
    """Reads the read model of one Tallygate. Every method raises StoreError."""

    def __init__(self, settings: StoreSettings) -> None:
        self._redis = connect(settings)
        self._keys = Keys(settings.prefix)
        self._ledger = self._redis.register_script(script("ledger.lua"))
        self._list = self._redis.register_script(script("list.lua"))
        # A semaphore is fair; the pool is not, and under load some callers would wait for seconds.
        self._turn = asyncio.Semaphore(AT_A_TIME)
        self._patience_seconds = settings.timeout_seconds

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._redis.aclose()

    async def freshness(self) -> Freshness:
        """Return how far the read model is filled."""
        with own_errors():
            positions: Any = await self._redis.hgetall(self._keys.positions)
        return _freshness(positions)

    async def bill(self, bill: str) -> BillReading:
        """Return the decision that counts for a bill, and its current decisions."""
        async with self._in_turn():
            pipe = self._redis.pipeline(transaction=True)
            pipe.hgetall(self._keys.positions)
            pipe.hgetall(self._keys.bill(bill))
            positions, held = await pipe.execute()
        decisions = [_decision(event_of(value)) for _conveyance, value in sorted(held.items())]
        chosen, _others = choose(decisions)
        stated = min((stated_of(value) for value in held.values()), default=None)
        return BillReading(chosen, tuple(decisions), _freshness(positions), stated)

    async def bills(
        self,
        selection: BillSelection,
        outcomes: Collection[str] = (),
        after: PageStart = BEGINNING,
        count: int = LISTED_MAX,
    ) -> ListReading:
        """Return at most `count` bills of a conveyance or a day, with one of these outcomes; if none is named, all."""
        arguments = page_arguments(self._keys, selection, outcomes, after, count)
        async with self._in_turn():
            found: Any = await self._list(keys=[self._keys.positions], args=arguments)
        page = bill_page(found, selection, outcomes)
        return ListReading(page.answers, page.next, _freshness(page.positions))

    async def conveyances_on(self, day: date) -> list[str]:
        """Return the conveyances that have bills whose answer is on a day."""
        async with self._in_turn():
            found: Any = await self._redis.hkeys(self._keys.conveyances(day.isoformat()))
        return sorted(conveyance.decode() for conveyance in found)

    async def counts(self, conveyances: Sequence[str]) -> CountsReading:
        """Return how many bills each conveyance has, by outcome, all read at the same moment."""
        async with self._in_turn():
            pipe = self._redis.pipeline(transaction=True)
            pipe.hgetall(self._keys.positions)
            for conveyance in conveyances:
                for name in LISTS:
                    pipe.zcard(self._keys.listed(conveyance, name))
            positions, *lengths = await pipe.execute()
        each = len(LISTS)
        counts = {
            conveyance: counts_of(lengths[number * each : (number + 1) * each])
            for number, conveyance in enumerate(conveyances)
        }
        return CountsReading(counts, _freshness(positions))

    async def day(self, consignee: str, day: date, first: int = 0, count: int = BILLS_A_PAGE) -> DayReading:
        """Return a consignee's day under us-321; of its bills `count`, beginning with number `first`, from 0."""
        return await self.ledger(consignee, day.isoformat(), first, count)

    async def ledger(
        self, consignee: str, ledger: str, first: int = 0, count: int = BILLS_A_PAGE, programme: str = US_321
    ) -> DayReading:
        """Return a consignee's ledger by its name; of its bills `count`, beginning with number `first`, from 0."""
        async with self._in_turn():
            found: Any = await self._ledger(
                keys=[self._keys.positions], args=[self._keys.prefix, consignee, ledger, first, count]
            )
        return _day_reading(found, programme)

    async def days(self, consignee: str, days: Sequence[date], count: int = 0) -> list[DayReading]:
        """Return several days of a consignee under us-321, each with its first `count` bills."""
        return await self.ledgers(consignee, [day.isoformat() for day in days], 0, count)

    async def ledgers(
        self, consignee: str, names: Sequence[str], first: int = 0, count: int = 0, programme: str = US_321
    ) -> list[DayReading]:
        """Return several ledgers of a programme, each with `count` bills, in one request but not atomically."""
        async with self._in_turn():
            pipe = self._redis.pipeline(transaction=False)
            for name in names:
                arguments: list[str | int] = [self._keys.prefix, consignee, name, first, count]
                await self._ledger(keys=[self._keys.positions], args=arguments, client=pipe)
            found = await pipe.execute()
        return [_day_reading(each, programme) for each in found]

    async def ledgers_on(self, consignee: str, programme: Programme, day: date) -> list[str]:
        """Return the names of the ledgers of a programme that a day falls into."""
        period = None if programme.window == CONVEYANCE else period_of(programme.window, day.toordinal()).text
        if period is not None and not programme.per_seller:
            return [ledger_name(programme.id, period, day.isoformat(), None, None)]
        key = self._keys.ledgers(consignee, programme.id, period or day.isoformat())
        async with self._in_turn():
            places: Any = await self._redis.smembers(key)
        return sorted(place.decode().removeprefix(f"{consignee}/") for place in places)

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        """Wait for a turn, no longer than for an answer, and turn errors into ours. Raise StoreError."""
        try:
            async with asyncio.timeout(self._patience_seconds):
                await self._turn.acquire()
        except TimeoutError:
            raise StoreAwayError("too many are reading, or Redis is slow") from None
        try:
            with own_errors():
                yield
        finally:
            self._turn.release()


def _day_reading(found: Sequence[Any], programme: str) -> DayReading:
    positions, total, bills, held, own, others = found
    alerts = [_alert(each) for each in (*own, *others)]
    decisions = tuple(_decision(event_of(each)) for each in held)
    return DayReading(
        int(total),
        _limit(decisions),
        bills,
        decisions,
        _latest_epoch([alert for alert in alerts if alert.data.programme == programme]),
        _freshness(dict(zip(positions[::2], positions[1::2], strict=True))),
        _measures(decisions),
    )


def _freshness(positions: Mapping[bytes, bytes]) -> Freshness:
    partitions = int(positions.get(b"partitions", b"0"))
    times = [positions.get(b"fresh:decisions/%d" % partition) for partition in range(partitions)]
    known = [int(time) for time in times if time is not None]
    complete = partitions > 0 and len(known) == partitions
    as_of = _EPOCH + timedelta(milliseconds=min(known)) if complete else None
    places = {partition: positions.get(b"at:decisions/%d" % partition) for partition in range(partitions)}
    reached = {partition: int(place) for partition, place in places.items() if place is not None}
    return Freshness(as_of, b"sweeping" in positions, reached)


def _limit(decisions: Sequence[Decision]) -> int | None:
    """Return the limit of the latest decision; it changes only with the rules."""
    stated = [(each.data.epoch, each.time, each.data.limit_cents) for each in decisions if each.data.limit_cents]
    return max(stated)[2] if stated else None


def _measures(decisions: Sequence[Decision]) -> tuple[Measure, ...]:
    """Return the measures that were stated last."""
    stated = [each for each in decisions if each.data.measures]
    return tuple(max(stated, key=lambda each: (each.data.epoch, each.time)).data.measures) if stated else ()


def _latest_epoch(alerts: Sequence[Alert]) -> tuple[Alert, ...]:
    latest = max((alert.data.epoch for alert in alerts), default=0)
    found = [alert for alert in alerts if alert.data.epoch == latest]
    return tuple(sorted(found, key=lambda alert: (alert.time, alert.id)))
