"""Watched bills: Redis and feed made one whole by offsets, and every scanner shown each change that it may see."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from agents.gateway.live import watches
from agents.gateway.live.watches import Watches
from agents.readmodel.queries import BillReading, Freshness
from agents.readmodel.store import StoreAwayError
from stream.decisions import Decision
from stream.reasons import STALE_LINE, UNKNOWN_LINE
from tests.redis.events import decision
from tests.unit.gateway_live.logs import Log

BILL = "ACME0001"


class Shelf:
    """What Redis would say, and whether it says anything."""

    def __init__(self, *decisions: Decision, reached: int = 0, sweeping: bool = False) -> None:
        self.decisions = decisions
        self.freshness = Freshness(None, sweeping, {0: reached})
        self.asked = 0
        self.answers = asyncio.Event()
        self.answers.set()
        self.away = False

    async def bill(self, _bill: str) -> BillReading:
        """Answer, or not."""
        self.asked += 1
        if self.away:
            raise StoreAwayError("away")
        await self.answers.wait()
        return BillReading(None, self.decisions, self.freshness)


class Screen:
    """A scanner's screen."""

    def __init__(self, *, audit: bool = False) -> None:
        self.audit = audit
        self.shown: list[dict[str, Any]] = []

    def show(self, message: bytes) -> None:
        """Take a message."""
        self.shown.append(msgspec.json.decode(message))

    @property
    def actions(self) -> list[str]:
        """Return what was to be done, one after another."""
        return [each["action"] for each in self.shown]


async def until(condition: Callable[[], object]) -> None:
    """Let things happen until something holds."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0)


def outcome(name: str, revision: int, **more: Any) -> Decision:
    return decision(BILL, rank=(1, 1, 1, revision), outcome=name, **more)


async def watched(log: Log, shelf: Shelf, *, audit: bool = False) -> tuple[Watches, Screen]:
    """Return a screen that has asked for the bill."""
    made, screen = Watches(log.feed, shelf), Screen(audit=audit)
    await made.join(BILL, screen)
    return made, screen


@pytest.mark.parametrize(
    ("reached", "sweeping", "stale"), [(5, False, False), (9, False, False), (4, False, True), (5, True, True)]
)
async def test_redis_and_feed_make_a_whole_by_offsets(reached: int, *, sweeping: bool, stale: bool) -> None:
    """Whole once Redis has applied everything before the window's start; while it is swept it has nothing."""
    log = Log(1, 100, starts=[5])
    _, screen = await watched(log, Shelf(outcome("release", 1), reached=reached, sweeping=sweeping))
    (verdict,) = screen.shown
    assert (verdict["stale"], verdict["action"]) == (stale, "HOLD" if stale else "GO")
    assert (verdict["as_of"] is None, verdict["line"] == STALE_LINE) == (stale, stale)


async def test_the_higher_rank_counts_wherever_it_is() -> None:
    """The window's decision outranks that of Redis, or the other way round; conveyances are chosen among as ever."""
    for kept, told in ((1, 2), (2, 1)):
        log = Log(1, 100)
        log.tell(outcome("withhold" if told > kept else "release", told))
        _, screen = await watched(log, Shelf(outcome("release" if told > kept else "withhold", kept)))
        assert screen.actions == ["HOLD"]
        assert screen.shown[0]["stale"] is False
    log = Log(1, 100)
    log.tell(decision(BILL, "air:2", outcome="clear", basis="estimated"))
    _, screen = await watched(log, Shelf(outcome("release", 1)), audit=True)
    assert screen.actions == ["GO"]
    assert [each["conveyance"] for each in screen.shown[0]["conveyances"]] == ["air:2"]


async def test_each_change_is_shown_once_to_those_who_may_see_it() -> None:
    """Outranked and repeated decisions change nothing; what only an auditor sees is shown to auditors only."""
    log = Log(1, 100)
    made, screen = await watched(log, Shelf())
    auditor = Screen(audit=True)
    await made.join(BILL, auditor)
    assert (screen.actions, screen.shown[0]["line"]) == (["HOLD"], UNKNOWN_LINE)
    log.tell(outcome("release", 2))
    log.tell(outcome("release", 2))
    log.tell(outcome("withhold", 1))
    log.tell(outcome("release", 3, total_cents=5_000))
    log.tell(outcome("withhold", 4))
    assert screen.actions == ["HOLD", "GO", "HOLD"]
    assert auditor.actions == ["HOLD", "GO", "GO", "HOLD"]
    assert [each["changed"] for each in screen.shown] == [False, True, True]
    made.leave(BILL, screen)
    log.tell(outcome("release", 5))
    assert (len(screen.shown), len(auditor.shown), len(made)) == (3, 5, 1)
    made.leave(BILL, auditor)
    assert len(made) == 0


async def test_redis_that_is_away_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A verdict comes soon, as stale; others are not kept waiting either; and when Redis answers all are shown."""
    monkeypatch.setattr(watches, "READ_SECONDS", 0.02)
    monkeypatch.setattr(watches, "AGAIN_SECONDS", 0.01)
    log, shelf = Log(1, 100), Shelf(outcome("release", 1))
    shelf.answers.clear()
    made, first = await watched(log, shelf)
    second = Screen()
    await made.join(BILL, second)
    asked = shelf.asked
    third = Screen()
    await made.join("ACME0002", third)
    assert shelf.asked == asked, "it is known to be away"
    shelf.away = True
    again = asyncio.create_task(made.ask_again())
    await until(lambda: shelf.asked >= asked + 3)
    assert first.actions == second.actions == third.actions == ["HOLD"]
    shelf.away = False
    shelf.answers.set()
    await until(lambda: len(first.shown) == len(second.shown) == len(third.shown) == 2)
    again.cancel()
    assert first.actions == second.actions == ["HOLD", "GO"]
    assert third.shown[1]["stale"] is False


async def test_a_change_while_redis_is_asked_is_not_lost() -> None:
    """What the feed reads between the question and the answer is in the first verdict."""
    log, shelf = Log(1, 100), Shelf(outcome("release", 1))
    shelf.answers.clear()
    made, screen = Watches(log.feed, shelf), Screen()
    joining = asyncio.create_task(made.join(BILL, screen))
    await until(lambda: shelf.asked)
    log.tell(outcome("withhold", 2))
    shelf.answers.set()
    await joining
    assert screen.actions == ["HOLD"]
    assert screen.shown[0]["stale"] is False


async def test_a_feed_that_has_lost_kafka_is_held() -> None:
    """All are shown HOLD, as no change of the decision; a late comer hides nothing from those who were there."""
    log = Log(1, 100)
    made, screen = await watched(log, Shelf(outcome("release", 1)))
    log.now_ms += 10_001
    assert not log.feed.live
    late = Screen()
    await made.join(BILL, late)
    await made.tell_all()
    log.hear_of_kafka()
    await made.tell_all()
    assert screen.actions == ["GO", "HOLD", "GO"]
    assert late.actions == ["HOLD", "GO"]
    assert [each["changed"] for each in screen.shown] == [False, False, False]
    made.forget()
    assert len(made) == 0
