"""The ledgers of consignees, told plainly: every posting walks each touched ledger from its beginning."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from tests.second_judge.copies import MISFITS, WALKED, Copies, Copy, Ledger, in_order
from tests.second_judge.fitting import Fit, fit
from tests.second_judge.manifest import Held
from tests.second_judge.regimes import Regime
from tests.second_judge.settling import settled

KEEP_COUNTING: Final = frozenset({"exported", "abandoned", "returned"})
NO_TOTAL: Final = frozenset({"filing-error", "no-day", "day-closed"})
MEASURES: Final = ("value", "count", "weight")

Alert = tuple[str, str, str | None, str | None]
"""Kind, programme, period, bill."""


class Ledgers:
    """Judges postings under one policy; `alerts` collects all kinds but `structuring`."""

    def __init__(self, overflow: str, rounding: str, enforcement: str) -> None:
        self._overflow, self._rounding, self._enforcement = overflow, rounding, enforcement
        self._stream = datetime.min.replace(tzinfo=UTC)
        self._consignees: dict[str, Copies] = {}
        self._raised: set[tuple[Any, ...]] = set()
        self._latest: dict[tuple[str, Ledger], tuple[Regime, date]] = {}
        """Of each ledger the latest date that a bill has had in it: a conveyance ends after it."""
        self.alerts: list[Alert] = []

    def judge(self, time: datetime, consignee: str, conveyance: str, bills: list[Held]) -> list[dict[str, Any]]:
        """Return the decisions of one posting record, in order."""
        self._stream = max(time, self._stream)
        copies = self._consignees.setdefault(consignee, {})
        self._close(copies)
        self._end(consignee)
        released = {
            (copy.held.bill, copy.conveyance, copy.ledger)
            for copy in copies.values()
            if not copy.gone and (copy.outcome == "release" or (copy.outcome == "closed" and copy.counts))
        }
        own, pairs, touched = [], [], dict[Ledger, Any]()
        for bill in in_place(bills):
            before = copies.pop((bill.bill, conveyance), None)
            if before is not None and (before.gone or before.ledger is None):
                before = None
            copy = Copy(bill, conveyance, bill.last, value=bill.value, weight=bill.weight or 0)
            if before is not None and before.ledger is not None:
                touched.setdefault(before.ledger, (copy.place, "before"))
            if not bill.moved:
                own.append(copy)
                pairs.append((copy, before))
                self._put(copies, copy, before)
                if copy.ledger is not None:
                    touched.setdefault(copy.ledger, (copy.place, "later"))
                    self._mark(consignee, copy)
        for copy, before in pairs:
            self._let_stand(copies, copy, before)
        before_walk = {copy: copy.verdict for copy in copies.values() if copy not in own}
        order = sorted(touched, key=lambda ledger: (ledger.programme, ledger.begins, touched[ledger]))
        others = []
        for ledger in order:
            self._walk(copies, ledger)
            others += [
                copy for copy in self._there(copies, ledger) if before_walk.get(copy, copy.verdict) != copy.verdict
            ]
        for ledger in order:
            self._raise(copies, ledger, consignee, released)
        for other in others:
            other.revision += 1
        return [self._decision(copies, copy) for copy in (*in_order(own), *others)]

    def _today(self, regime: Regime) -> date:
        return regime.local_date(self._stream)

    def _close(self, copies: Copies) -> None:
        """Take what is in a closed ledger out of it; what is live goes on as a part of its order."""
        for key, copy in list(copies.items()):
            regime = copy.held.regime
            if regime is not None and copy.day is not None and regime.closed(copy.day, self._today(regime)):
                copy.gone, copy.counts, copy.released, copy.covered = True, False, False, None
            if copy.gone and copy.outcome == "closed":
                del copies[key]

    def _mark(self, consignee: str, copy: Copy) -> None:
        if copy.ledger is not None and copy.day is not None and copy.held.regime is not None:
            _, latest = self._latest.get((consignee, copy.ledger), (copy.held.regime, copy.day))
            self._latest[consignee, copy.ledger] = copy.held.regime, max(latest, copy.day)

    def _end(self, consignee: str) -> None:
        """Forget what ledgers have raised that are over."""
        for (whose, ledger), (regime, latest) in list(self._latest.items()):
            if whose == consignee and regime.closed(latest, self._today(regime)):
                del self._latest[whose, ledger]
                self._raised = {one for one in self._raised if one[1:3] != (whose, ledger)}

    @staticmethod
    def _ledger(regime: Regime, day: date, conveyance: str, seller: str | None) -> Ledger:
        period = regime.period(day)
        return Ledger(regime.name, period[0].isoformat() if period else conveyance, seller)

    def _put(self, copies: Copies, copy: Copy, before: Copy | None) -> None:
        bill, regime, key = copy.held, copy.held.regime, (copy.held.bill, copy.conveyance)
        if not bill.live:
            copy.outcome, copy.reason = "closed", bill.exit or ""
            if bill.exit in KEEP_COUNTING and before is not None and before.counts and before.covered is None:
                copy.ledger, copy.day, copy.arrived, copy.counts = before.ledger, before.day, before.arrived, True
                copy.value, copy.weight = before.value, before.weight
                copies[key] = copy
            return
        copies[key] = copy
        day, copy.arrived = bill.last
        closed = day is not None and regime is not None and regime.closed(day, self._today(regime))
        if day is None or regime is None or closed:
            copy.reason = "filing-error" if bill.errors else "no-day" if day is None else "day-closed"
            copy.outcome = "pending" if copy.reason == "no-day" else "reject"
            copy.gone = day is not None
            return
        copy.day, copy.ledger = day, self._ledger(regime, day, copy.conveyance, bill.seller)

    def _let_stand(self, copies: Copies, copy: Copy, before: Copy | None) -> None:
        """Step 1: whether a release stands."""
        if before is None or copy.day is None or copy.ledger is None or not copy.held.live or not copy.arrived:
            return
        if not before.counts or before.covered is not None or before.ledger != copy.ledger:
            return
        if settled(copy, copy.day, self._counted(copy)) is not None or self._amount(copy) > self._amount(before):
            return
        heavier = "weight" in self._limits(copies, copy.ledger) and copy.weight > before.weight
        copy.released = not heavier

    def _there(self, copies: Copies, ledger: Ledger) -> list[Copy]:
        return in_order(copy for copy in copies.values() if copy.ledger == ledger and not copy.gone)

    def _limits(self, copies: Copies, ledger: Ledger) -> dict[str, int]:
        there = self._there(copies, ledger)
        regime = there[0].held.regime if there else None
        if regime is None:
            return {}
        if regime.window != "conveyance":
            return regime.limits(date.fromisoformat(ledger.begins))
        return regime.limits(min(copy.day for copy in there if copy.day is not None))

    def _overflow_of(self, regime: Regime) -> str:
        return regime.overflow or self._overflow

    def _walk(self, copies: Copies, ledger: Ledger) -> None:
        there = self._there(copies, ledger)
        live = [copy for copy in there if copy.held.live]
        for number in sorted({copy.held.bill for copy in live}):
            same = sorted((copy for copy in live if copy.held.bill == number), key=lambda copy: copy.arrival_order)
            same[0].superseded = False
            for copy in same[1:]:
                copy.superseded, copy.released, copy.counts, copy.covered = True, False, False, None
                copy.outcome, copy.reason = "closed", "superseded"
        walked = []
        for copy in live:
            assert copy.day is not None
            found = None if copy.superseded else settled(copy, copy.day, self._counted(copy))
            if found is not None:
                copy.released, copy.counts, copy.covered = False, False, None
                mail = "release" if copy.arrived else "clear"
                copy.outcome = mail if found[0] == "not-aggregated" else "reject"
                copy.reason, copy.asked = found
            elif not copy.superseded:
                walked.append(copy)
        found_fit = self._fit(copies, ledger, walked)
        for copy in walked:
            self._tell(copy, found_fit)

    def _fit(self, copies: Copies, ledger: Ledger, walked: list[Copy]) -> Fit:
        if not walked or walked[0].held.regime is None:
            return Fit()
        kept = self._kept(self._there(copies, ledger))
        overflow = self._overflow_of(walked[0].held.regime)
        return fit(walked, kept, self._limits(copies, ledger), overflow, self._amount)

    def _tell(self, copy: Copy, found: Fit) -> None:
        regime, fits = copy.held.regime, copy in found.fitting
        assert regime is not None
        assert copy.day is not None
        copy.asked, copy.covered = found.asked[copy], found.covered.get(copy)
        misfit_reason = "daily-limit" if regime.window == "day" else "period-limit"
        copy.reason = "within-limit" if fits else misfit_reason
        copy.released = fits and copy.arrived
        copy.counts = copy.released or (copy.arrived and bool(copy.covered))
        misfit = self._enforced(regime, copy.day) if copy.arrived else "warn"
        copy.outcome = ("release" if copy.arrived else "clear") if fits else misfit

    def _totals(self, copies: Copies, ledger: Ledger, measure: str) -> tuple[int, int]:
        """Return what is released, and that with what is clear."""
        there = self._there(copies, ledger)
        regime = there[0].held.regime if there else None
        every = regime is not None and self._overflow_of(regime) == "all_or_none"
        totals = [self._kept(there)[measure]] * 2
        for copy in there:
            if copy.reason in WALKED:
                part = self._amount(copy, measure)
                if copy.reason in MISFITS and not every:
                    part = (copy.covered or 0) if measure == "value" else 0
                totals[1] += part
                totals[0] += part if copy.arrived else 0
        return totals[0], totals[1]

    def _decision(self, copies: Copies, copy: Copy) -> dict[str, Any]:
        bill, (day, arrived), regime = copy.held, copy.shown, copy.held.regime
        limits: dict[str, int] = {}
        totals: dict[str, int] = {}
        asked = copy.ledger is not None and copy.outcome != "closed" and copy.reason not in NO_TOTAL
        if asked and copy.ledger is not None and regime and copy.day and regime.limits(copy.day):
            limits = self._limits(copies, copy.ledger)
            totals = {name: self._totals(copies, copy.ledger, name)[0 if copy.arrived else 1] for name in limits}
        total, limit = totals.get("value"), limits.get("value")
        return {
            "bill": bill.bill, "conveyance": copy.conveyance, "order": bill.order, "bill_version": bill.version,
            "posting": bill.posting, "revision": copy.revision, "outcome": copy.outcome, "reason": copy.reason,
            "basis": None if day is None else "actual" if arrived else "estimated",
            "day": None if day is None else day.isoformat(), "programme": bill.programme,
            "period": None if day is None or regime is None else period_text(regime, day),
            "currency": regime.currency if regime else None, "seller": bill.seller,
            "value_cents": copy.value, "counts": copy.counts,
            "counted_cents": self._counted(copy) if copy.covered is None else copy.covered,
            "total_cents": total, "limit_cents": limit,
            "headroom_cents": None if total is None or limit is None else limit - total,
            "measures": [
                {"measure": name, "total": totals[name], "limit": limits[name]}
                for name in MEASURES[1:]
                if name in limits
            ],
            "filing_errors": list(bill.errors), "advice": self._advice(copies, copy),
            "asked": copy.asked if copy.reason in WALKED or copy.reason.startswith("single") else None,
            "overflow": self._overflow_of(regime) if regime else self._overflow,
        }  # fmt: skip

    def _advice(self, copies: Copies, copy: Copy) -> dict[str, Any] | None:
        single = copy.reason.startswith("single-")
        if copy.ledger is None or not (single or copy.reason in MISFITS):
            return None
        caution = self._one_order(copies, copy)
        next_day = None if caution or single else self._next_day(copies, copy)
        taxed = copy.held.mode != "mail" and copy.held.programme.startswith("us-")
        entry = "11" if (copy.value or 0) <= 250_000 else "01"
        return {
            "entry_type": entry if taxed else None,
            "next_day": None if next_day is None else next_day.isoformat(),
            "dutiable_cents": None if copy.covered is None else self._amount(copy) - copy.covered,
            "caution": "one-order" if caution else None,
        }

    def _next_day(self, copies: Copies, copy: Copy) -> date | None:
        regime = copy.held.regime
        if regime is None or copy.day is None or regime.by_purchase:
            return None
        period = regime.period(copy.day)
        if period is None:
            return None
        for day in (*(copy.day + timedelta(later) for later in range(1, 15)), period[1] + timedelta(1)):
            trial = Copy(copy.held, copy.conveyance, copy.shown, day=day, arrived=True, value=copy.value)
            trial.ledger, trial.weight = self._ledger(regime, day, copy.conveyance, copy.held.seller), copy.weight
            there = [other for other in self._there(copies, trial.ledger) if other is not copy]
            arrived = [other for other in there if other.reason in WALKED and other.arrived]
            if regime.closed(day, self._today(regime)) or settled(trial, day, self._counted(trial)) is not None:
                continue
            first = date.fromisoformat(trial.ledger.begins)
            kept, overflow = self._kept(there), self._overflow_of(regime)
            if trial in fit([*arrived, trial], kept, regime.limits(first), overflow, self._amount).fitting:
                return day
        return None

    def _one_order(self, copies: Copies, copy: Copy) -> bool:
        regime = copy.held.regime
        assert regime is not None
        assert copy.ledger is not None
        limit, today, own = self._limits(copies, copy.ledger).get("value"), self._today(regime), copy.held.manifested
        parts = [
            other
            for other in copies.values()
            if other.held.order == copy.held.order is not None
            and other.held.programme == copy.held.programme
            and other.outcome != "closed"
            and abs((regime.local_date(other.held.manifested) - regime.local_date(own)).days) <= 30
            and (today - regime.local_date(other.held.manifested)).days <= 75
        ]
        total = sum(part.value or 0 for part in parts)
        return copy in parts and len(parts) > 1 and limit is not None and total > limit

    def _raise(self, copies: Copies, ledger: Ledger, consignee: str, released: set[Any]) -> None:
        there, limits = self._there(copies, ledger), self._limits(copies, ledger)
        limit = limits.get("value")
        if limit is not None and self._totals(copies, ledger, "value")[0] * 10 > limit * 9:
            self._alert("near-limit", consignee, ledger, there[0], None)
        for copy in there:
            if copy.superseded:
                self._alert("duplicate-bill", consignee, ledger, copy, copy.held.bill)
            if copy.outcome == "withhold" and (copy.held.bill, copy.conveyance, ledger) in released:
                self.alerts.append(self._said("release-superseded", copy, copy.held.bill))

    def _alert(self, kind: str, consignee: str, ledger: Ledger, copy: Copy, bill: str | None) -> None:
        if (kind, consignee, ledger, bill) not in self._raised:
            self._raised.add((kind, consignee, ledger, bill))
            self.alerts.append(self._said(kind, copy, bill))

    @staticmethod
    def _said(kind: str, copy: Copy, bill: str | None) -> Alert:
        regime, day = copy.held.regime, copy.day
        assert regime is not None
        assert day is not None
        return kind, regime.name, period_text(regime, day), bill

    def _kept(self, there: list[Copy]) -> dict[str, int]:
        closed = [copy for copy in there if not copy.held.live and copy.counts]
        return {measure: sum(self._amount(copy, measure) for copy in closed) for measure in MEASURES}

    def _counted(self, copy: Copy) -> int | None:
        if copy.value is None or self._rounding == "cents":
            return copy.value
        return (copy.value + 50) // 100 * 100

    def _amount(self, copy: Copy, measure: str = "value") -> int:
        if measure == "count":
            return 1
        return copy.weight if measure == "weight" else self._counted(copy) or 0

    def _enforced(self, regime: Regime, day: date) -> str:
        if self._enforcement != "auto":
            return self._enforcement
        return "warn" if regime.name == "us-321" and day <= date(2025, 8, 11) else "withhold"


def in_place(bills: list[Held]) -> list[Held]:
    """Sort the bills of a record by their place in the manifest; they are on one conveyance."""
    return sorted(bills, key=lambda bill: (bill.manifested, bill.sequence, bill.bill))


def period_text(regime: Regime, day: date) -> str:
    """Return the period of a day as decisions write it."""
    period = regime.period(day)
    if period is None:
        return "conveyance"
    return period[0].isoformat() if period[0] == period[1] else f"{period[0]}/{period[1]}"
