"""Which bills of a ledger fit its limits, under one overflow policy."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.second_judge.copies import Copy, in_order

Amount = Callable[[Copy, str], int]


@dataclass
class Fit:
    """Who fits, what is covered of the others under `excess`, and which measure decided."""

    fitting: set[Copy] = field(default_factory=set)
    covered: dict[Copy, int] = field(default_factory=dict)
    asked: dict[Copy, str] = field(default_factory=dict)


def fit(walked: Iterable[Copy], kept: dict[str, int], limits: dict[str, int], overflow: str, amount: Amount) -> Fit:
    """Return what fits; `kept` is what closed bills take of each limit."""
    arrived = in_order(copy for copy in walked if copy.arrived)
    expected = in_order(copy for copy in walked if not copy.arrived)
    if overflow == "all_or_none":
        return _together(arrived, expected, kept, limits, amount)
    found = Fit()
    first = min(limits, key="value count weight".split().index, default="")
    left = {measure: limit - kept[measure] for measure, limit in limits.items()}
    for copy in arrived:
        if copy.released:
            found.fitting.add(copy)
            found.asked[copy] = first
            for measure in left:
                left[measure] -= amount(copy, measure)
    stopped = False
    for copy in [*arrived, *expected]:
        if copy in found.fitting:
            continue
        over = [measure for measure in left if amount(copy, measure) > left[measure]]
        found.asked[copy] = over[0] if over else first
        if not over and not stopped:
            found.fitting.add(copy)
            for measure in left:
                left[measure] -= amount(copy, measure)
        elif overflow == "excess":
            found.covered[copy] = max(left["value"], 0)
            left["value"] -= found.covered[copy]
        elif overflow == "latch":
            stopped = True
    return found


def _together(
    arrived: list[Copy], expected: list[Copy], kept: dict[str, int], limits: dict[str, int], amount: Amount
) -> Fit:
    found = Fit()
    there: list[Copy] = []
    for group in (arrived, expected):
        there += group
        totals = {measure: kept[measure] + sum(amount(copy, measure) for copy in there) for measure in limits}
        over = [measure for measure in limits if totals[measure] > limits[measure]]
        found.asked.update(dict.fromkeys(group, next(iter([*over, *limits]), "")))
        if not over:
            found.fitting.update(group)
    return found
