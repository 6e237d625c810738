"""A bill's answer out of the read model and, where that lags, the live feed's window of recent decisions."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec
from aiohttp import web

from agents.gateway.endpoints.views import DayBillView
from agents.gateway.http.parts import PARTS
from agents.gateway.http.problems import retry_later
from agents.readmodel.queries import Freshness
from agents.readmodel.store import StoreError
from stream.answers import choose
from stream.decisions import Decision


class Recent(Protocol):
    """What the live feed has read lately; it bridges the gap up to a read model that lags."""

    def since(self) -> datetime | None:
        """Every decision committed after then is in the window; None: it has none, or is behind itself."""

    def as_of(self) -> datetime | None:
        """Every decision committed up to then has been read."""

    def decisions(self, bill: str) -> Sequence[Decision]:
        """Give the bill's decisions in the window, in any order, outranked ones too."""

    def follows(self, bill: str, reached: Mapping[int, int]) -> bool:
        """Tell whether the window goes on from where a read model stands, by offsets, in the bill's partition."""


RECENT: Final = web.AppKey[Recent]("recent")
"""Set by the live feed; without it the read model answers alone."""


class Answered(msgspec.Struct, frozen=True):
    """What is known of a bill."""

    decision: Decision | None
    """The one that counts for a scanner; None: nothing is known."""
    others: tuple[Decision, ...]
    """The current ones on its other conveyances."""
    standing: DayBillView


async def answer_bill(app: web.Application, bill: str) -> Answered:
    """Give what is known of a bill. Raises Problem 503 where the read model is away."""
    try:
        reading = await app[PARTS].read_model.bill(bill)
    except StoreError:
        raise away() from None
    recent = app.get(RECENT)
    known = [*reading.decisions, *(recent.decisions(bill) if recent else ())]
    chosen, others = choose(known)
    bridged = recent is not None and recent.follows(bill, reading.freshness.reached)
    return Answered(chosen, others, standing(app, reading.freshness, bridged=bridged))


def standing(app: web.Application, freshness: Freshness, *, bridged: bool | None = None) -> DayBillView:
    """Tell how up to date an answer is.

    `bridged`: the window's decisions were taken into account, and nothing is missing in between; None: by their times
    that is so as far as clocks can tell, which will do for whoever looks after the gateway.
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
    return DayBillView(as_of, as_of is None or parts.clock() - as_of > limit)


def away() -> Exception:
    """Give the problem of a read model that cannot be asked."""
    return retry_later("The read model is away", "no bill can be answered now; try again", 2)
