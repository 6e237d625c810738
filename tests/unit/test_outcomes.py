"""The table of outcomes and the one action that follows from each."""

from itertools import product

import pytest

from stream.decisions import Basis, Outcome
from stream.outcomes import EXITS, VERDICTS, Action, action

OUTCOMES: tuple[Outcome, ...] = ("closed", "reject", "pending", "release", "clear", "withhold", "warn")
BASES: tuple[Basis | None, ...] = ("actual", "estimated", None)

# DESIGN section 7, sentence by sentence.
ACTIONS = """
    release   actual     GO
    warn      actual     GO
    withhold  actual     HOLD
    pending   -          HOLD
    reject    actual     STOP
    reject    estimated  STOP
    reject    -          STOP
    clear     estimated  WAIT
    warn      estimated  WAIT
    closed    actual     DONE
    closed    estimated  DONE
    closed    -          DONE
"""


@pytest.mark.parametrize("line", ACTIONS.strip().splitlines())
def test_the_action_of_a_decision(line: str) -> None:
    """Each outcome and basis that a decision can have leads to the action of the contract."""
    outcome, basis, expected = line.split()
    chosen_outcome = next(each for each in OUTCOMES if each == outcome)
    chosen_basis = next((each for each in BASES if each == basis), None)
    assert action(chosen_outcome, chosen_basis) is Action(expected)


def test_go_only_for_what_arrived() -> None:
    """No decision without an actual basis says GO, whatever its outcome."""
    assert Action.GO not in {action(outcome, basis) for outcome, basis in product(OUTCOMES, BASES[1:])}


def test_what_no_decision_says_holds() -> None:
    """A combination that the table does not hold, such as a release without a day, is HOLD."""
    assert action("release", None) is Action.HOLD
    assert action("release", "estimated") is Action.HOLD
    assert action("withhold", "estimated") is Action.HOLD
    assert action("clear", "actual") is Action.HOLD


def test_rows_are_numbered_in_order_of_precedence() -> None:
    """The rows are those of DESIGN section 3, one to eleven, in order."""
    assert [verdict.row for verdict in VERDICTS] == list(range(1, 12))


def test_each_reason_belongs_to_one_row() -> None:
    """A reason alone tells which row decided."""
    reasons = [reason for verdict in VERDICTS for reason in verdict.reasons]
    assert len(reasons) == len(set(reasons))


def test_rows_without_a_total_are_the_first_four() -> None:
    """Totals are null for rows 1 to 4 and stated for all others."""
    assert [verdict.row for verdict in VERDICTS if not verdict.with_total] == [1, 2, 3, 4]


def test_only_releases_and_misfits_depend_on_the_basis() -> None:
    """Before arrival a release is a clear and a withhold a warning; nothing else changes with the basis."""
    changing = {
        (verdict.outcome, verdict.outcome_estimated)
        for verdict in VERDICTS
        if verdict.outcome != verdict.outcome_estimated
    }
    assert changing == {("release", "clear"), ("withhold", "warn")}


def test_a_bill_leaves_by_seven_exits() -> None:
    """The exits are those of the events, and being superseded by a copy."""
    assert VERDICTS[0].reasons == EXITS
    assert set(EXITS) == {"deleted", "entry-01", "entry-11", "exported", "abandoned", "returned", "superseded"}
