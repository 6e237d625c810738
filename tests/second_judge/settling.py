"""Rows 2 and 5 to 9: what settles a bill on a day without the total of its ledger."""

from datetime import date

from tests.second_judge.copies import Copy
from tests.second_judge.manifest import Held
from tests.second_judge.regimes import Regime


def settled(copy: Copy, day: date, counted: int | None) -> tuple[str, str | None] | None:
    """Return the reason, and of a cap the measure; None where the ledger decides."""
    bill, regime = copy.held, copy.held.regime
    assert regime is not None
    if bill.errors:
        return "filing-error", None
    if not regime.limits(day):
        return "suspended", None
    if regime.name == "us-321" and (reason := refused_by_321(bill, day)):
        return reason, None
    if regime.name.startswith("us-gift") and "irc-tax" in bill.flags:
        return "goods-excluded", None
    if over := over_cap(regime, day, {"value": counted or 0, "weight": bill.weight or 0}):
        return f"single-{over}-over-limit", over
    if regime.name == "us-321" and bill.mode == "mail":
        return "not-aggregated", None
    return None


def refused_by_321(bill: Held, day: date) -> str | None:
    """Return which of rows 5 to 7 refuses a bill of the $800 rule."""
    excluded = date(2025, 2, 4) <= day <= date(2025, 2, 6) or day >= date(2025, 5, 2)
    agency = "pga" in bill.flags or ("fda" in bill.flags and day >= date(2025, 7, 9))
    rows = (
        (day >= date(2025, 8, 29), "suspended"),
        (excluded and bool(bill.origins & {"CN", "HK"}), "origin-excluded"),
        (bool(bill.flags & {"adcvd", "quota", "irc-tax"}), "goods-excluded"),
        (bill.filing == "manifest" and agency, "goods-excluded"),
    )
    return next((reason for holds, reason in rows if holds), None)


def over_cap(regime: Regime, day: date, amounts: dict[str, int]) -> str | None:
    """Return the first measure in which a bill is over the cap of a single one."""
    for measure, (first, last), cap in regime.caps:
        if first <= day <= last and amounts[measure] > cap:
            return measure
    return None
