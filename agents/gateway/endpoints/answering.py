"""A bill's answer from the read model and, if that lags, from the live feed's window of recent decisions."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec
from aiohttp import web

from agents.gateway.endpoints.views import AnswerFreshness
from agents.gateway.http.auth import Caller
from agents.gateway.http.counting import WAITED
from agents.gateway.http.parts import PARTS
from agents.gateway.http.problems import retry_later
from agents.readmodel.queries import Freshness
from agents.readmodel.store import StoreError
from stream.answers import choose
from stream.decisions import Decision


class Recent(Protocol):
    """What the live feed has read lately; it covers what a lagging read model does not have yet."""

    def since(self) -> datetime | None:
        """Return the time after which every committed decision is in the window; None: it is empty, or lags itself."""

    def as_of(self) -> datetime | None:
        """Return the time up to which every committed decision has been read."""

    def decisions(self, bill: str) -> Sequence[Decision]:
        """Return the bill's decisions in the window, in any order, outranked ones too."""

    def follows(self, bill: str, reached: Mapping[int, int]) -> bool:
        """Return whether the window goes on from a read model's offset in the bill's partition."""


RECENT: Final = web.AppKey[Recent]("recent")
"""Set by the live feed; without it the read model answers alone."""


class Expected(Protocol):
    """Where a request waits for the first decision of a bill."""

    def expecting(self, bill: str, caller: Caller) -> AbstractContextManager[Callable[[float], Awaitable[None]]]:
        """Yield what waits for a decision that comes from here on. Raise Problem 429; the wait raises 401, 503."""


EXPECTED: Final = web.AppKey[Expected]("expected")
"""Set by the live feed; without it no request waits."""


class Answered(msgspec.Struct, frozen=True):
    """What is known of a bill."""

    decision: Decision | None
    """The one that counts for a scanner; None: nothing is known."""
    others: tuple[Decision, ...]
    """The current ones on its other conveyances."""
    freshness: AnswerFreshness


async def answer_bill(app: web.Application, bill: str) -> Answered:
    """Return what is known of a bill. Raise Problem 503 if the read model is away."""
    try:
        reading = await app[PARTS].read_model.bill(bill)
    except StoreError:
        raise away() from None
    recent = app.get(RECENT)
    known = [*reading.decisions, *(recent.decisions(bill) if recent else ())]
    chosen, others = choose(known)
    bridged = recent is not None and recent.follows(bill, reading.freshness.reached)
    return Answered(chosen, others, answer_freshness(app, reading.freshness, bridged=bridged))


async def await_answer(request: web.Request, caller: Caller, bill: str, seconds: float) -> Answered:
    """Return what is known of a bill once it has a decision, or the time is over. Raise Problem 401, 429, 503."""
    expected = request.app.get(EXPECTED)
    if expected is None:
        return await answer_bill(request.app, bill)
    # What comes while the read model is asked counts too.
    with expected.expecting(bill, caller) as wait:
        found = await answer_bill(request.app, bill)
        if found.decision is not None:
            return found
        begun = time.monotonic()
        await wait(seconds)
        request[WAITED] = time.monotonic() - begun
        return await answer_bill(request.app, bill)


def answer_freshness(app: web.Application, freshness: Freshness, *, bridged: bool | None = None) -> AnswerFreshness:
    """Return how up to date an answer is.

    `bridged`: the answer includes the window's decisions, and nothing is missing in between. None: times decide
    that, as far as clocks agree, which is enough for readiness.
    """
    parts, recent = app[PARTS], app.get(RECENT)
    as_of = None if freshness.sweeping else freshness.as_of
    until = None if recent is None or freshness.sweeping else recent.as_of()
    if recent is not None and bridged is None:
        since = recent.since()
        bridged = as_of is not None and since is not None and since <= as_of
    if bridged and until is not None:
        as_of = until if as_of is None else max(as_of, until)
    limit = timedelta(seconds=parts.gateway.stale_seconds)
    return AnswerFreshness(as_of, as_of is None or parts.clock() - as_of > limit)


def away() -> Exception:
    """Return the problem of a read model that cannot be asked."""
    return retry_later("The read model is away", "no bill can be answered now; try again", 2)
