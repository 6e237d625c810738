"""What must hold of a consignee's ledgers between two records, by the current decisions that a reader has.

The decisions that count add up to the total, their sums are within the limits, and no bill waits for headroom that is
there.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from stream.decisions import DecisionData
from tests.reference.day import Reference
from tests.reference.people import Amounts, Ledger, Totals
from tests.reference.plain import MEASURES, Programme
from tests.reference.rules import Limits

MISFITS = {"daily-limit", "period-limit"}

Counted = Sequence[tuple[DecisionData, Amounts]]
"""Decisions that count or do not fit, each with what its bill adds to every measure."""


def check_at_rest(reference: Reference, consignee: str, current: Iterable[DecisionData]) -> set[str]:
    """Check the open ledgers of a consignee; raises AssertionError.

    Return the programmes, each with its overflow policy, of the ledgers in which something counts.
    """
    person = reference.people[consignee]
    decisions: defaultdict[tuple[str, ...], list[DecisionData]] = defaultdict(list)
    for decision in current:
        if decision.counts or decision.reason in MISFITS:
            decisions[_ledger_of(decision)].append(decision)
    found = set()
    for ledger, totals in person.ledgers.items():
        if ledger in person.left:
            continue
        there = decisions[ledger.programme, ledger.text, ledger.conveyance, ledger.seller or ""]
        bills = [(one, person.bills[one.bill, one.conveyance]) for one in there]
        counted = [(one, _amounts(one, held.bill.weight_grams)) for one, held in bills if not held.gone]
        overflow = reference.rules.overflow(ledger.programme)
        _check_sums(ledger, totals, overflow, counted)
        if not _limit_turns(reference.rules.world.programmes[ledger.programme]):
            _check_limits(ledger, totals, counted)
        _check_misfits(ledger, totals, overflow, counted)
        found |= {f"{ledger.programme} {overflow}" for one, _ in counted if one.counts}
    return found


def _ledger_of(decision: DecisionData) -> tuple[str, ...]:
    """Name the ledger of a decision as a reader can."""
    period = decision.period or ""
    conveyance = decision.conveyance if period == "conveyance" else ""
    return decision.programme, period, conveyance, decision.seller or ""


def _amounts(decision: DecisionData, grams: int | None) -> Amounts:
    return {"value": decision.counted_cents or 0, "count": 1, "weight": grams or 0}


def _limit_turns(programme: Programme) -> bool:
    """Tell whether bills may have been released under another limit: that of a conveyance goes with its first date."""
    measures = [entry.measure for entry in programme.limits]
    return programme.window == "conveyance" and len(measures) > len(set(measures))


def _summed(counted: Counted) -> Amounts:
    return {measure: sum(own[measure] for one, own in counted if one.counts) for measure in MEASURES}


def _is_over(sums: Amounts, limits: Limits) -> bool:
    return any(sums[measure] > limit.amount for measure, limit in limits.items())


def _check_sums(ledger: Ledger, totals: Totals, overflow: str, counted: Counted) -> None:
    """Check the sums. Under all-or-none the total of a ledger over its limit is of bills that do not count as well."""
    limits = totals.limits
    if overflow == "all_or_none" and _is_over(totals.released, limits):
        live = [one.bill for one, _ in counted if one.counts and one.outcome != "closed"]
        assert not live, f"{live} count in {ledger}, which is over its limit"
        return
    sums = _summed(counted)
    for measure in limits:
        assert sums[measure] == totals.released[measure], f"the {measure} of {ledger} does not add up"


def _check_limits(ledger: Ledger, totals: Totals, counted: Counted) -> None:
    sums = _summed(counted)
    assert not _is_over(sums, totals.limits), f"{ledger} is over its limit: {sums}"


def _check_misfits(ledger: Ledger, totals: Totals, overflow: str, counted: Counted) -> None:
    """Check that no arrived bill waits for nothing; what stands before it under latch, a reader does not know."""
    released, limits = totals.released, totals.limits
    for one, own in counted:
        if one.reason not in MISFITS or one.basis != "actual" or overflow == "latch":
            continue
        needed = {measure: released[measure] + own[measure] for measure in MEASURES}
        if overflow == "excess":
            waits = released["value"] >= limits["value"].amount
        else:
            waits = _is_over(released if overflow == "all_or_none" else needed, limits)
        assert waits, f"{one.bill} does not fit, and {ledger} has headroom for it"
