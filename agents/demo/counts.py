"""What the demo has read so far, counted from the output topics alone."""

from collections import Counter, deque
from datetime import date
from operator import itemgetter
from typing import Final, NamedTuple

from stream.alerts import Alert
from stream.answers import replaces
from stream.decisions import Decision, DecisionData, Outcome
from stream.periods import CONVEYANCE

LAST: Final = 40
"""Decisions of each outcome to keep for the screen."""
SHOWN: Final[tuple[Outcome, ...]] = ("withhold", "release", "reject", "warn", "clear", "closed", "pending")
"""Outcomes in order of interest: a small screen has room for few."""


Ledger = tuple[str, str, str, str | None]
"""Consignee, programme, period or conveyance, and seller."""


class BillCount(NamedTuple):
    """A consignee's ledger, of us-321 a day, as its latest decision states it."""

    consignee: str
    day: date
    total_cents: int
    limit_cents: int
    held: int
    """Bills withheld at present."""

    @property
    def percent(self) -> int:
        """Total in per cent of the limit."""
        return self.total_cents * 100 // self.limit_cents


class OutputCounts:
    """Counts decisions, alerts and dead letters; a bill counts once, under its current decision."""

    def __init__(self) -> None:
        self.bills: Counter[Outcome] = Counter()
        """Bills by the outcome of their current decision."""
        self.cents: Counter[Outcome] = Counter()
        """Their values."""
        self.reasons: Counter[str] = Counter()
        """Bills by the reason of their current decision."""
        self.decisions = 0
        """Decisions read, earlier ones and revisions included."""
        self.repeated = 0
        """Decisions read a second time: with exactly once there are none."""
        self.alerts: Counter[str] = Counter()
        self.dead_letters: Counter[str] = Counter()
        self._last: dict[Outcome, deque[tuple[int, DecisionData]]] = {each: deque(maxlen=LAST) for each in SHOWN}
        self._current: dict[tuple[str, str], DecisionData] = {}
        self._seen: set[str] = set()
        self._standings: dict[Ledger, BillCount] = {}
        self._held: Counter[Ledger] = Counter()

    @property
    def known(self) -> int:
        """Bills that have a decision."""
        return len(self._current)

    def decision(self, decision: Decision) -> None:
        """Count a decision; one of a lower rank than the bill's current one changes nothing else."""
        self.decisions += 1
        if decision.id in self._seen:
            self.repeated += 1
            return
        self._seen.add(decision.id)
        data = decision.data
        self._last[data.outcome].append((self.decisions, data))
        key = data.bill, data.conveyance
        before = self._current.get(key)
        if not replaces(data, before):
            return
        self._current[key] = data
        if before is not None:
            self._count(before, -1)
        self._count(data, 1)
        self._stand(data)

    def alert(self, alert: Alert) -> None:
        """Count an alert by its kind."""
        self.alerts[alert.data.alert] += 1

    def dead_letter(self, code: str) -> None:
        """Count a dead letter by its code."""
        self.dead_letters[code] += 1

    def last(self, count: int) -> list[DecisionData]:
        """Return `count` recent decisions, the last of each outcome in turn, in the order in which they came.

        One arrival releases hundreds at once; a withheld bill among them must still be seen.
        """
        some: list[tuple[int, DecisionData]] = []
        for depth in range(1, count + 1):
            some += [kept[-depth] for kept in self._last.values() if len(kept) >= depth]
            if len(some) >= count:
                break
        return [data for _, data in sorted(some[:count], key=itemgetter(0))]

    def nearest(self, count: int) -> list[BillCount]:
        """Return the consignee days nearest to their limit, those with withheld bills first."""
        days = (standing._replace(held=self._held[place]) for place, standing in self._standings.items())
        return sorted(days, key=lambda day: (-day.percent, -day.held, day.consignee))[:count]

    def _count(self, data: DecisionData, sign: int) -> None:
        self.bills[data.outcome] += sign
        self.cents[data.outcome] += sign * (data.value_cents or 0)
        self.reasons[data.reason] += sign
        if data.outcome == "withhold" and data.day is not None:
            self._held[_ledger(data)] += sign

    def _stand(self, data: DecisionData) -> None:
        if data.basis == "actual" and data.day is not None and data.total_cents is not None and data.limit_cents:
            count = BillCount(data.consignee, data.day, data.total_cents, data.limit_cents, 0)
            self._standings[_ledger(data)] = count


def _ledger(data: DecisionData) -> Ledger:
    """Return what the total of a decision is summed over."""
    place = data.conveyance if data.period == CONVEYANCE else data.period or str(data.day)
    return data.consignee, data.programme, place, data.seller
