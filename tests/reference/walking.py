"""Steps 3 to 5 of "How a day is judged": which bills of a ledger fit, under each overflow policy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.reference.people import Amounts, Held
from tests.reference.plain import MEASURES, Measure
from tests.reference.rules import Limits


@dataclass
class Walk:
    """What a walk found: by bill whether it fits, the rule, and what of a misfit is covered."""

    limits: Limits
    released: Amounts
    projected: Amounts = field(default_factory=dict)
    rules: dict[Held, str] = field(default_factory=dict)
    fitting: set[Held] = field(default_factory=set)
    covered: dict[Held, int] = field(default_factory=dict)


def walk(
    limits: Limits, overflow: str, own: Callable[[Held, Measure], int], used: Sequence[Amounts], bills: Sequence[Held]
) -> Walk:
    """Walk bills in manifest order that only the limits decide on; `used` is what closed bills count with."""
    arrived = [held for held in bills if held.arrived]
    expected = [held for held in bills if not held.arrived]
    amounts = {held: {measure: own(held, measure) for measure in MEASURES} for held in bills}
    if overflow == "all_or_none":
        return _all_or_none(limits, amounts, used, arrived, expected)
    stand = [held for held in arrived if held.kept is not None]
    found = Walk(limits, _sum([*used, *[amounts[held] for held in stand]]))
    found.fitting.update(stand)
    first = _first(limits)
    found.rules.update(dict.fromkeys(stand, first))
    latched = False
    total = dict(found.released)
    for held in [*[one for one in arrived if one not in stand], *expected]:
        failed = [measure for measure in limits if total[measure] + amounts[held][measure] > limits[measure].amount]
        if not failed and not latched:
            found.fitting.add(held)
            _add(total, amounts[held])
            found.rules[held] = first
        else:
            latched = overflow == "latch"
            found.rules[held] = limits[failed[0]].id if failed else first
            if overflow == "excess":
                found.covered[held] = max(0, limits["value"].amount - total["value"])
                total["value"] += found.covered[held]
        if held.arrived:
            found.released = dict(total)
    found.projected = total
    return found


def _all_or_none(
    limits: Limits,
    amounts: dict[Held, Amounts],
    used: Sequence[Amounts],
    arrived: Sequence[Held],
    expected: Sequence[Held],
) -> Walk:
    released = _sum([*used, *[amounts[held] for held in arrived]])
    found = Walk(limits, released, _sum([released, *[amounts[held] for held in expected]]))
    for bills, total in ((arrived, found.released), (expected, found.projected)):
        failed = [measure for measure in limits if total[measure] > limits[measure].amount]
        found.rules.update(dict.fromkeys(bills, limits[failed[0]].id if failed else _first(limits)))
        if not failed:
            found.fitting.update(bills)
    return found


def _first(limits: Limits) -> str:
    return next(iter(limits.values())).id if limits else ""


def _sum(amounts: Sequence[Amounts]) -> Amounts:
    return {measure: sum(one[measure] for one in amounts) for measure in MEASURES}


def _add(total: Amounts, own: Amounts) -> None:
    for measure in MEASURES:
        total[measure] += own[measure]
