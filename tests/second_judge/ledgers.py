"""The days of consignees, told plainly: every posting walks the whole day again."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from tests.second_judge.manifest import Held, eastern

OPEN_DAYS: Final = 15
KEEP_COUNTING: Final = frozenset({"exported", "abandoned", "returned"})
WALKED: Final = frozenset({"within-limit", "daily-limit"})
NO_TOTAL: Final = frozenset({"filing-error", "no-day", "day-closed"})


@dataclass(eq=False)
class Copy:
    """A bill on one conveyance, as it is judged; `gone`: its day has closed, and it is a part of its order alone."""

    held: Held
    conveyance: str
    shown: tuple[date | None, bool]
    day: date | None = None
    arrived: bool = False
    value: int | None = None
    outcome: str = ""
    reason: str = ""
    revision: int = 1
    released: bool = False
    counts: bool = False
    superseded: bool = False
    gone: bool = False

    @property
    def place(self) -> tuple[datetime, str, int, str]:
        """Return its place in manifest order."""
        return self.held.manifested, self.conveyance, self.held.sequence, self.held.bill

    @property
    def arrival_order(self) -> tuple[bool, bool, int, str]:
        """Return what decides which of several copies counts, the first of them."""
        return not self.released, not self.arrived, -self.held.version, self.conveyance


Copies = dict[tuple[str, str], Copy]


def limit_on(day: date) -> int:
    """Return the limit of a day, and of a single bill on it, in cents."""
    return 20_000 if day <= date(2016, 3, 9) else 80_000


class Ledgers:
    """Judges postings under one policy; `alerts` collects `near-limit` and `duplicate-bill`."""

    def __init__(self, overflow: str, rounding: str, enforcement: str) -> None:
        self._overflow, self._rounding, self._enforcement = overflow, rounding, enforcement
        self._stream: datetime | None = None
        self._consignees: dict[str, Copies] = {}
        self._raised: set[tuple[Any, ...]] = set()
        self.alerts: list[tuple[str, str, str | None]] = []

    def judge(self, time: datetime, consignee: str, conveyance: str, bills: list[Held]) -> list[dict[str, Any]]:
        """Return the decisions of one posting record, in order."""
        self._stream = max(time, self._stream or time)
        today = eastern(self._stream)
        copies = self._consignees.setdefault(consignee, {})
        close_days(copies, today)
        own, touched = [], set()
        for bill in bills:
            before = copies.pop((bill.bill, conveyance), None)
            if before is not None and (before.gone or before.day is None):
                before = None
            if before is not None and before.day is not None:
                touched.add(before.day)
            copy = Copy(bill, conveyance, bill.last, value=bill.value)
            own.append(copy)
            if not bill.moved:
                self._stand(copies, copy, before, today)
                if copy.day is not None:
                    touched.add(copy.day)
        before_walk = {copy: (copy.outcome, copy.reason) for copy in copies.values()}
        for day in sorted(touched):
            self._walk(copies, day, consignee)
        decided = sorted((copy for copy in own if not copy.held.moved), key=lambda copy: copy.place)
        others = [copy for copy, was in before_walk.items() if copy not in own and (copy.outcome, copy.reason) != was]
        for other in others:
            other.revision += 1
        others.sort(key=lambda copy: (copy.day, copy.place))
        return [self._decision(copies, copy, today) for copy in (*decided, *others)]

    def _stand(self, copies: Copies, copy: Copy, before: Copy | None, today: date) -> None:
        bill, key = copy.held, (copy.held.bill, copy.conveyance)
        if not bill.live:
            copy.outcome, copy.reason = "closed", bill.exit or ""
            if bill.exit in KEEP_COUNTING and before is not None and before.counts:
                copy.day, copy.arrived, copy.value, copy.counts = before.day, before.arrived, before.value, True
                copies[key] = copy
            return
        copies[key] = copy
        day, copy.arrived = bill.last
        if day is None or is_closed(day, today):
            copy.reason = "filing-error" if bill.errors else "no-day" if day is None else "day-closed"
            copy.outcome = "pending" if copy.reason == "no-day" else "reject"
            copy.gone = day is not None
            return
        copy.day = day
        if before is not None and copy.arrived and before.counts and before.day == day:
            held, now = self._counted(before), self._counted(copy)
            copy.released = now is not None and held is not None and now <= held and self._settled(copy, day) is None

    def _walk(self, copies: Copies, day: date, consignee: str) -> None:
        there = [copy for copy in copies.values() if copy.day == day and not copy.gone]
        live = [copy for copy in there if copy.held.live]
        for number in sorted({copy.held.bill for copy in live}):
            same = sorted((copy for copy in live if copy.held.bill == number), key=lambda copy: copy.arrival_order)
            if len(same) > 1:
                self._alert("duplicate-bill", consignee, day, number)
            same[0].superseded = False
            for copy in same[1:]:
                copy.superseded, copy.released, copy.counts = True, False, False
                copy.outcome, copy.reason = "closed", "superseded"
        walked = []
        for copy in live:
            settled = None if copy.superseded else self._settled(copy, day)
            if settled is not None:
                copy.released = copy.counts = False
                mail = "release" if copy.arrived else "clear"
                copy.outcome, copy.reason = (mail if settled == "not-aggregated" else "reject"), settled
            elif not copy.superseded:
                walked.append(copy)
        fitting = self._fitting(walked, self._kept(there), limit_on(day))
        for copy in walked:
            fits = copy in fitting
            copy.reason = "within-limit" if fits else "daily-limit"
            copy.released = copy.counts = fits and copy.arrived
            misfit = self._enforced(day) if copy.arrived else "warn"
            copy.outcome = ("release" if copy.arrived else "clear") if fits else misfit
        if self._totals(copies, day)[0] * 10 > limit_on(day) * 9:
            self._alert("near-limit", consignee, day, None)

    def _fitting(self, walked: list[Copy], kept: int, limit: int) -> set[Copy]:
        arrived = sorted((copy for copy in walked if copy.arrived), key=lambda copy: copy.place)
        expected = sorted((copy for copy in walked if not copy.arrived), key=lambda copy: copy.place)
        if self._overflow == "all_or_none":
            total = kept + sum(self._amount(copy) for copy in arrived)
            together = total + sum(self._amount(copy) for copy in expected)
            return {*(arrived if total <= limit else ()), *(expected if together <= limit else ())}
        fitting = {copy for copy in arrived if copy.released}
        total = kept + sum(self._amount(copy) for copy in fitting)
        for copy in (*arrived, *expected):
            if copy in fitting:
                continue
            if total + self._amount(copy) <= limit:
                total += self._amount(copy)
                fitting.add(copy)
            elif self._overflow == "latch":
                break
        return fitting

    def _settled(self, copy: Copy, day: date) -> str | None:
        """Return the reason of rows 2 and 5 to 9 that settles a bill on a day without its total."""
        bill, counted = copy.held, self._counted(copy)
        excluded = date(2025, 2, 4) <= day <= date(2025, 2, 6) or day >= date(2025, 5, 2)
        agency = "pga" in bill.flags or ("fda" in bill.flags and day >= date(2025, 7, 9))
        rows = (
            (bool(bill.errors) or counted is None, "filing-error"),
            (day >= date(2025, 8, 29), "suspended"),
            (excluded and bool(bill.origins & {"CN", "HK"}), "origin-excluded"),
            (bool(bill.flags & {"adcvd", "quota", "irc-tax"}), "goods-excluded"),
            (bill.filing == "manifest" and agency, "goods-excluded"),
            ((counted or 0) > limit_on(day), "single-value-over-limit"),
            (bill.mode == "mail", "not-aggregated"),
        )
        return next((reason for holds, reason in rows if holds), None)

    def _totals(self, copies: Copies, day: date) -> tuple[int, int]:
        there = [copy for copy in copies.values() if copy.day == day and not copy.gone]
        walked = [copy for copy in there if copy.reason in WALKED]
        every = self._overflow == "all_or_none"
        released = [copy for copy in walked if copy.arrived and (every or copy.released)]
        clear = [copy for copy in walked if not copy.arrived and (every or copy.outcome == "clear")]
        total = self._kept(there) + sum(map(self._amount, released))
        return total, total + sum(map(self._amount, clear))

    def _decision(self, copies: Copies, copy: Copy, today: date) -> dict[str, Any]:
        bill, shown, total, limit = copy.held, copy.shown, None, None
        if copy.day is not None and copy.outcome != "closed" and copy.reason not in NO_TOTAL:
            total, limit = self._totals(copies, copy.day)[0 if copy.arrived else 1], limit_on(copy.day)
        return {
            "bill": bill.bill, "conveyance": copy.conveyance, "order": bill.order, "bill_version": bill.version,
            "posting": bill.posting, "revision": copy.revision, "outcome": copy.outcome, "reason": copy.reason,
            "basis": None if shown[0] is None else "actual" if shown[1] else "estimated",
            "day": None if shown[0] is None else shown[0].isoformat(),
            "value_cents": copy.value, "counted_cents": self._counted(copy), "counts": copy.counts,
            "total_cents": total, "limit_cents": limit,
            "headroom_cents": None if total is None or limit is None else limit - total,
            "filing_errors": list(bill.errors), "advice": self._advice(copies, copy, today),
        }  # fmt: skip

    def _advice(self, copies: Copies, copy: Copy, today: date) -> dict[str, Any] | None:
        if copy.reason not in {"daily-limit", "single-value-over-limit"} or copy.day is None:
            return None
        caution = self._one_order(copies, copy, copy.day, today)
        next_day = None if caution or copy.reason != "daily-limit" else self._next_day(copies, copy, copy.day)
        return {
            "entry_type": None if copy.held.mode == "mail" else "11" if (copy.value or 0) <= 250_000 else "01",
            "next_day": None if next_day is None else next_day.isoformat(),
            "dutiable_cents": None,
            "caution": "one-order" if caution else None,
        }

    def _next_day(self, copies: Copies, copy: Copy, own_day: date) -> date | None:
        for later in range(1, 15):
            day = own_day + timedelta(later)
            there = [other for other in copies.values() if other.day == day and not other.gone]
            arrived = [other for other in there if other.reason in WALKED and other.arrived]
            trial = Copy(copy.held, copy.conveyance, copy.shown, day, True, copy.value)
            fitting = self._fitting([*arrived, trial], self._kept(there), limit_on(day))
            if self._settled(trial, day) is None and trial in fitting:
                return day
        return None

    @staticmethod
    def _one_order(copies: Copies, copy: Copy, day: date, today: date) -> bool:
        own = eastern(copy.held.manifested)
        parts = [
            other
            for other in copies.values()
            if other.held.order == copy.held.order is not None
            and other.outcome != "closed"
            and abs((eastern(other.held.manifested) - own).days) <= 30
            and (today - eastern(other.held.manifested)).days <= 75
        ]
        return copy in parts and len(parts) > 1 and sum(part.value or 0 for part in parts) > limit_on(day)

    def _alert(self, kind: str, consignee: str, day: date, bill: str | None) -> None:
        if (kind, consignee, day, bill) not in self._raised:
            self._raised.add((kind, consignee, day, bill))
            self.alerts.append((kind, day.isoformat(), bill))

    def _kept(self, there: list[Copy]) -> int:
        return sum(self._amount(copy) for copy in there if not copy.held.live and copy.counts)

    def _counted(self, copy: Copy) -> int | None:
        if copy.value is None or self._rounding == "cents":
            return copy.value
        return (copy.value + 50) // 100 * 100

    def _amount(self, copy: Copy) -> int:
        return self._counted(copy) or 0

    def _enforced(self, day: date) -> str:
        if self._enforcement != "auto":
            return self._enforcement
        return "warn" if day <= date(2025, 8, 11) else "withhold"


def is_closed(day: date, today: date) -> bool:
    """Tell whether a day is closed by the date of stream time."""
    return (today - day).days > OPEN_DAYS


def close_days(copies: Copies, today: date) -> None:
    """Take what is on a closed day out of it; what is live goes on as a part of its order."""
    for key, copy in list(copies.items()):
        if copy.day is not None and is_closed(copy.day, today):
            copy.gone, copy.counts, copy.released = True, False, False
        if copy.gone and copy.outcome == "closed":
            del copies[key]
