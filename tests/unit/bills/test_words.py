"""The words: one for every outcome and reason, and figures that are those of the decision."""

from datetime import UTC, date, datetime
from typing import Any, get_args

import pytest

from agents.bills.words import (
    CERTAINTY,
    ENFORCEMENT,
    ENTRIES,
    OUTCOMES,
    OVERFLOW,
    ROUNDING,
    TO_DO,
    WHY,
    day_words,
    dollars,
    outcome_words,
    time_words,
    to_do,
    why,
)
from state.rules.entries import Certainty
from stream.days import zone_named
from stream.decisions import Advice, AppliedOverflow, Basis, Enforcement, Outcome, Rounding
from stream.outcomes import VERDICTS, Action, action
from tests.redis.events import DAY, decision_data
from tests.unit.bills.known import WITHHELD

REASONS = {reason for verdict in VERDICTS for reason in verdict.reasons}


def test_every_reason_has_its_words() -> None:
    """Each reason says why and what to do, and no words are left over from reasons that are gone."""
    assert set(WHY) == set(TO_DO) == REASONS
    assert all(text[0].isupper() and text[-1] in ".:" for text in (*WHY.values(), *TO_DO.values()))


def test_every_setting_has_its_words() -> None:
    """Each policy, certainty and entry type has words, exactly those that there are."""
    assert set(OVERFLOW) == set(get_args(AppliedOverflow))
    assert set(ROUNDING) == set(get_args(Rounding))
    assert set(ENFORCEMENT) == set(get_args(Enforcement))
    assert set(CERTAINTY) == set(get_args(Certainty))
    assert set(ENTRIES) == {"11", "01"}


@pytest.mark.parametrize("outcome", get_args(Outcome))
@pytest.mark.parametrize("basis", [*get_args(Basis), None])
def test_outcomes_read_as_their_action(outcome: Outcome, basis: Basis | None) -> None:
    """Words of what may go say so, and of nothing else; each outcome has words on every basis that it can have."""
    text = outcome_words(outcome, basis)
    meant = action(outcome, basis)
    assert text
    if (outcome, basis == "actual") in OUTCOMES:
        assert ("may go" in text or text.startswith("released")) == (meant is Action.GO)
        assert text.startswith("not here yet") == (meant is Action.WAIT)


@pytest.mark.parametrize(
    ("more", "figures"),
    [
        ({}, ["$12.00", "$12.00 of $800.00 were used"]),
        (WITHHELD, ["It counts $400.00.", "Released on that day were $700.00 of $800.00", "$100.00 was left"]),
        (WITHHELD | {"basis": "estimated", "outcome": "warn"}, ["expected and fitting, were $700.00 of $800.00"]),
        ({"reason": "single-value-over-limit", "cents": 90_000}, ["$900.00", "the limit is $800.00"]),
        ({"reason": "daily-limit", "total_cents": None}, ["would exceed the limit."]),
        ({"reason": "no-day", "cents": 90_000}, ["no estimate"]),
        ({"reason": "of-a-later-version"}, ["of-a-later-version"]),
    ],
)
def test_why_has_the_figures_of_the_decision(more: dict[str, Any], figures: list[str]) -> None:
    """Where figures decided they are said, as they were then; where there are none, the words stand alone."""
    text = why(decision_data(**more))
    assert [figure for figure in figures if figure not in text] == []


@pytest.mark.parametrize(
    ("reason", "advice", "said"),
    [
        (
            "daily-limit",
            Advice("11", DAY),
            "The next day on which it would fit, as things stood: Wed 20 Aug 2025.",
        ),
        ("daily-limit", Advice("01", None), "type 01. It would fit on none of the next 14 days, as things stood."),
        ("single-value-over-limit", Advice("11", None), "The entry to use: an informal entry, type 11."),
        (
            "single-value-over-limit",
            Advice(None, None),
            "It came by mail: the carrier or a qualified party collects the duty.",
        ),
        ("daily-limit", Advice("11", None, None, "one-order"), "19 CFR 10.151 forbids splitting one order over days."),
        (
            "single-value-over-limit",
            Advice("11", None, None, "one-order"),
            "19 CFR 10.151 forbids splitting one order over days.",
        ),
        ("suspended", None, "it is dutiable, and the carrier or a qualified party collects the duty."),
        ("origin-excluded", None, "it is dutiable, and the carrier or a qualified party collects the duty."),
        ("within-limit", None, "Nothing."),
        ("of-a-later-version", None, "Ask the team that runs Tallygate."),
    ],
)
def test_what_to_do_names_entry_and_day(reason: str, advice: Advice | None, said: str) -> None:
    """The advice of a decision is in the words; where the day does not matter none is named."""
    text = to_do(decision_data(reason=reason, advice=advice))
    assert text.endswith(said)
    assert advice is None or advice.caution is None or "next day" not in text


@pytest.mark.parametrize(
    ("cents", "text"),
    [(0, "$0.00"), (5, "$0.05"), (123_450, "$1,234.50"), (-10_001, "-$100.01"), (10**14, "$1,000,000,000,000.00")],
)
def test_amounts_are_written_for_readers(cents: int, text: str) -> None:
    """Cents become dollars with two places and thousands apart."""
    assert dollars(cents) == text


def test_days_and_times_are_those_of_customs() -> None:
    """A day has its weekday; an instant is told in Eastern time, summer and winter, or in a zone by name."""
    assert day_words(date(2025, 8, 2)) == "Sat 2 Aug 2025"
    assert time_words(datetime(2025, 8, 20, 3, 59, tzinfo=UTC)) == "2025-08-19 23:59 ET"
    assert time_words(datetime(2025, 1, 20, 4, 59, tzinfo=UTC)) == "2025-01-19 23:59 ET"
    in_quito = time_words(datetime(2025, 8, 20, 3, 59, tzinfo=UTC), zone_named("America/Guayaquil"))
    assert in_quito == "2025-08-19 22:59 America/Guayaquil"
