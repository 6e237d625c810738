"""A history as JSON: the decisions as they are, where each stands, and where to go on."""

from typing import Any

import msgspec
import pytest

from agents.bills.history import History, Past
from agents.bills.history_view import BillHistory, history_view
from stream.decisions import DecisionData
from stream.outcomes import VERDICTS, Action
from tests.redis.events import decision


def past(number: int, **more: Any) -> Past:
    return Past(decision(rank=(1, 1, 1, number), **more), 3, 100 + number)


def test_fields_are_those_of_the_decision_with_its_place() -> None:
    """Each decision keeps all its fields and their order; time, partition, offset and action are added."""
    (only,) = msgspec.to_builtins(history_view("ACME0001", History((past(1),), None)))["decisions"]
    data = msgspec.to_builtins(past(1).decision.data)
    assert list(data) == list(DecisionData.__struct_fields__)
    assert {name: only[name] for name in data} == data
    assert {name: only[name] for name in only if name not in data} == {
        "time": "2025-08-20T12:00:00Z", "partition": 3, "offset": 101, "action": "GO",
    }  # fmt: skip


@pytest.mark.parametrize(("following", "complete", "shown"), [(None, True, None), (0, False, "0"), (107, False, "107")])
def test_page_says_whether_it_is_the_last(following: int | None, complete: bool, shown: str | None) -> None:
    """A page that is not the last says where the next begins, as text that may be handed back."""
    view = history_view("ACME0001", History((past(1), past(2)), following))
    assert (view.complete, view.next, len(view.decisions)) == (complete, shown, 2)


def test_empty_history_is_complete_and_empty() -> None:
    """Of a bill without decisions there is nothing, and nothing to go on with."""
    assert history_view("ACME0001", History((), None)) == BillHistory("ACME0001", (), True, None)


def test_every_outcome_is_shown_with_its_action() -> None:
    """Whatever was decided, what it meant for a scanner is one of the five words, GO only for what may go."""
    for verdict in VERDICTS:
        for outcome, basis in ((verdict.outcome, "actual"), (verdict.outcome_estimated, "estimated")):
            (only,) = history_view("A", History((past(1, outcome=outcome, basis=basis),), None)).decisions
            assert (only.action is Action.GO) == (outcome == "release")


def test_view_is_read_back_as_it_was() -> None:
    """Another program that knows the type reads exactly what was shown."""
    view = history_view("ACME0001", History((past(1), past(2)), 103))
    assert msgspec.json.decode(msgspec.json.encode(view), type=BillHistory) == view
