"""A bill's answer for any set of decisions: the sentence of DESIGN section 3, checked pair by pair."""

from datetime import date

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stream.answers import answer, choose, current
from stream.decisions import DecisionData
from tests.redis.events import decision, decision_data

CONVEYANCES = st.sampled_from(["a", "B", "b", "air:1", "air:10"])
BASES = st.sampled_from([(None, None), *((b, date(2025, 8, d)) for b in ("actual", "estimated") for d in (20, 21))])


@st.composite
def data(draw: st.DrawFn) -> DecisionData:
    """Draw a decision on one bill."""
    basis, day = draw(BASES)
    outcome, reason = draw(st.sampled_from([("closed", "deleted"), ("release", "within-limit"), ("pending", "no-day")]))
    rank = (1, draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 2)))
    return decision_data(conveyance=draw(CONVEYANCES), basis=basis, day=day, outcome=outcome, reason=reason, rank=rank)


def better(one: DecisionData, other: DecisionData) -> bool:
    """Say whether `one` comes before `other`, clause by clause as DESIGN has them."""
    if (one.outcome == "closed") != (other.outcome == "closed"):
        return other.outcome == "closed"
    if one.basis != other.basis:
        return one.basis == "actual" or other.basis is None
    if one.bill_version != other.bill_version:
        return one.bill_version > other.bill_version
    if one.day != other.day:
        return one.day is not None and other.day is not None and one.day > other.day
    return [ord(letter) for letter in one.conveyance] < [ord(letter) for letter in other.conveyance]


# A rank names one decision of a conveyance.
MADE = st.lists(data(), min_size=1, max_size=8, unique_by=lambda each: (each.conveyance, each.rank))


@given(MADE.flatmap(lambda made: st.tuples(st.just(made), st.permutations(made))))
def test_answer_is_current_and_the_best(given_lists: tuple[list[DecisionData], list[DecisionData]]) -> None:
    """It is current, no current decision on another conveyance is better, and order and repeats do not matter."""
    made, shuffled = given_lists
    found = answer(made)
    assert found is not None
    ranks = [each.rank for each in made if each.conveyance == found.conveyance]
    assert found.rank == max(ranks)
    others = [each for each in current(made).values() if each.conveyance != found.conveyance]
    assert not any(better(other, found) for other in others)
    again = answer([*shuffled, *shuffled])
    assert again is not None
    assert (again.conveyance, again.rank) == (found.conveyance, found.rank)


@given(MADE)
def test_choice_is_the_answer_and_the_rest_of_what_is_current(made: list[DecisionData]) -> None:
    """Of decisions with their times the answer is chosen, the others are the current ones, by conveyance."""
    whole = [msgspec.structs.replace(decision(), data=each) for each in made]
    chosen, others = choose(whole)
    assert chosen is not None
    assert chosen.data is answer(made)
    kept = current(made)
    assert [each.data for each in others] == [kept[name] for name in sorted(kept) if name != chosen.data.conveyance]


def test_no_decision_no_answer() -> None:
    """A bill that nobody decided has no answer."""
    assert answer([]) is None
    assert choose([]) == (None, ())
