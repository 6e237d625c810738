"""`GET /v1/bills/{bill}`: a bill's answer."""

import re
from collections.abc import Iterable
from typing import Final

from aiohttp import web

from agents.gateway.endpoints.answering import answer_bill, await_answer
from agents.gateway.endpoints.views import verdict
from agents.gateway.http.auth import require
from agents.gateway.http.parts import parts_of
from agents.gateway.http.problems import Problem
from agents.gateway.http.replies import reply
from stream.bills import fold_bill
from stream.reasons import UNKNOWN_LINE

WAIT: Final = r"^[0-9]{1,3}(\.[0-9]{1,3})?s$"


def bill_of(request: web.Request) -> str:
    """Return the bill number in the address, folded as a scanner's text is. Raise Problem 404."""
    bill = fold_bill(request.match_info["bill"])
    if bill is None:
        raise Problem(404, "Not a bill number", "a bill number has 4 to 35 letters and digits")
    return bill


def _wait_of(request: web.Request) -> float:
    """Return how many seconds to wait for the answer. Raise Problem 400."""
    text = request.query.get("wait", "0s")
    if re.fullmatch(WAIT, text) is None:
        raise Problem(400, "Not understood", "query parameter wait: expected seconds such as 2s or 0.5s")
    return float(text.removesuffix("s"))


async def show(request: web.Request) -> web.Response:
    """Answer for a bill."""
    caller = require(request, "scan")
    bill, seconds = bill_of(request), _wait_of(request)
    found = await (await_answer(request, caller, bill, seconds) if seconds else answer_bill(request.app, bill))
    if found.decision is None:
        detail = "the read model is being filled; try again" if found.freshness.stale else UNKNOWN_LINE
        raise Problem(404, "Unknown bill", detail, as_of=found.freshness.as_of, stale=found.freshness.stale)
    audit = "audit" in caller.scopes
    default = parts_of(request).rulebook.default_programme
    return reply(verdict(found.decision, audit=audit, freshness=found.freshness, others=found.others, default=default))


def routes() -> Iterable[web.RouteDef]:
    """Return the routes of this module."""
    return [web.get("/v1/bills/{bill}", show)]
