"""Facts from a gateway by script: pages, what is away behind it, other scopes; and how an explanation is printed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agents.bills import fact_sources
from agents.bills.explanation import explain
from agents.bills.fact_sources import NothingAnswersError, OverGateway
from agents.bills.history import History, Past
from agents.bills.history_view import history_view
from agents.cli import explain as command
from agents.client import Gateway, GatewayError
from agents.gateway.endpoints.views import AnswerFreshness, verdict
from agents.tallygate_client import exchange
from state.rules import load_rulebook
from tests.redis.events import LIMIT, START, decision
from tests.unit.bills.known import WITHHELD, facts, standing

BILL = "ACME0001"
STORY = [decision(rank=(1, 1, 1, 1 + number), minutes=number) for number in range(4)]
UNKNOWN = {"status": 404, "title": "Unknown bill", "detail": "-", "as_of": "2025-08-20T12:00:00Z", "stale": False}
AWAY = {"status": 503, "title": "Kafka is away", "detail": "try again"}

Answers = dict[str, tuple[int, Any]]


def shown(*, audit: bool = True) -> Any:
    return msgspec.to_builtins(verdict(STORY[-1], audit=audit, freshness=AnswerFreshness(START, False), others=()))


def page(first: int, following: int | None) -> Any:
    past = tuple(Past(each, 0, number) for number, each in enumerate(STORY[first : first + 2], first))
    return msgspec.to_builtins(history_view(BILL, History(past, following)))


WHOLE: Answers = {
    f"/v1/bills/{BILL}": (200, shown()),
    f"/v1/bills/{BILL}/history": (200, page(0, 2)),
    f"/v1/bills/{BILL}/history?after=2": (200, page(2, None)),
    "/v1/consignees/na2:a/days/2025-08-20?limit=200&programme=us-321": (
        200, {"total_cents": 1_200, "limit_cents": LIMIT, "bills": [shown()], "bills_count": 1},
    ),
}  # fmt: skip


@asynccontextmanager
async def source(changed: Answers | None = None) -> AsyncIterator[OverGateway]:
    """Return a gateway's facts where some addresses answer otherwise."""
    answers = WHOLE | (changed or {})

    async def answer(request: web.Request) -> web.Response:
        status, body = answers[str(request.rel_url)]
        return web.json_response(body, status=status, headers={"Retry-After": "0"})

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server, Gateway(str(server.make_url("/")), "a-token") as gateway:
        yield OverGateway(gateway)


async def test_all_pages_and_the_day_become_facts() -> None:
    """Verdict, every page of the history, and the day are put together."""
    async with source() as asked:
        found = await asked.facts(BILL)
    assert [each.data for each in found.history] == [each.data for each in STORY]
    assert (found.history_complete, found.as_of, found.stale, found.missing) == (True, START, False, ())
    assert found.decision is not None
    assert found.decision.data == STORY[-1].data
    assert found.day is not None
    assert (found.day.total_cents, found.day.bills) == (1_200, (STORY[-1].data,))


async def test_history_that_is_away_is_said_and_the_rest_is_told() -> None:
    """With Kafka away behind the gateway the decision and the day are there, the history is said to be unknown."""
    async with source({f"/v1/bills/{BILL}/history": (503, AWAY)}) as asked:
        found = await asked.facts(BILL)
    assert (found.history, found.history_complete) == ((), False)
    assert "Kafka is away" in found.missing[0]
    assert found.decision is not None
    assert found.day is not None


async def test_history_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """When time is over the pages so far are told, and that there are more."""
    monkeypatch.setattr(fact_sources, "HISTORY_SECONDS", -1.0)
    async with source() as asked:
        found = await asked.facts(BILL)
    assert (len(found.history), found.history_complete, found.missing) == (2, False, (fact_sources.NOT_READ,))


async def test_unknown_bill_keeps_what_is_known_of_the_read_model() -> None:
    """Of a bill that the gateway does not know there is no decision, but how up to date it is."""
    answers = {f"/v1/bills/{BILL}": (404, UNKNOWN), f"/v1/bills/{BILL}/history": (200, page(9, None))}
    async with source(answers) as asked:
        found = await asked.facts(BILL)
    assert (found.decision, found.day, found.as_of, found.stale) == (None, None, START, False)


async def test_verdict_without_the_scope_is_refused() -> None:
    """A verdict that lacks what an auditor sees is no ground for an explanation."""
    async with source({f"/v1/bills/{BILL}": (200, shown(audit=False))}) as asked:
        with pytest.raises(GatewayError, match="scope audit"):
            await asked.facts(BILL)


async def test_gateway_whose_read_model_is_away_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """With Redis away behind the gateway nothing is explained, and it is worth another try."""
    monkeypatch.setattr(exchange, "WAIT_SECONDS_MAX", 0)
    async with source({f"/v1/bills/{BILL}": (503, AWAY)}) as asked:
        with pytest.raises(NothingAnswersError, match="cannot answer now"):
            await asked.facts(BILL)


@pytest.mark.parametrize("terminal", [True, False])
def test_terminal_wraps_and_a_file_keeps_lines_whole(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal lines break between words and stay below their heading; in a file each stays one line."""
    for name, value in {"COLUMNS": "60", **({"FORCE_COLOR": "1", "NO_COLOR": ""} if terminal else {})}.items():
        monkeypatch.setenv(name, value)
    command._print(explain(facts(standing(**WITHHELD)), load_rulebook()), as_json=False)
    lines = capsys.readouterr().out.splitlines()
    why = lines[lines.index(next(line for line in lines if "Why" in line)) + 1 :]
    assert why[0].startswith("  With what this person")
    assert (max(map(len, why)) <= 60) == terminal
    assert why[1].startswith("  ")
