"""What decides on a bill apart from the walk of its ledger: the terms of its programme, and what a decision says."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from typing import Final

from state.rules.rulebook import Rulebook
from state.step import StepRefusedError
from state.withholding.advising import IsSplit, advice
from state.withholding.bill import Bill
from state.withholding.ledger_ids import LedgerId
from state.withholding.ledgers import Ledgers
from state.withholding.statuses import (
    CANDIDATES,
    FILING_ERROR,
    GOODS_EXCLUDED,
    MAIL_CLEAR,
    MAIL_RELEASED,
    MISFITS,
    ORIGIN_EXCLUDED,
    SINGLE_HEAVY,
    SINGLE_OVER,
    STATUSES,
    SUSPENDED,
)
from state.withholding.terms import LedgerLimits, OwnDay, Sums, Terms
from state.withholding.wording import Figures, Wording
from stream.days import day_of_micros
from stream.decisions import Cause, Policy
from stream.money import whole_dollars
from stream.postings import US_321, PostedBill, Posting

Dates = Callable[[LedgerId], Counter[int] | Iterable[int]]
"""The dates of all bills in a conveyance."""


class UnknownProgrammeError(StepRefusedError):
    """A posting is of a programme that this worker does not know; it must not be judged as another."""


class Deciding:
    """The rules, policy and texts that all decisions of one Tallygate share."""

    def __init__(self, rulebook: Rulebook, policy: Policy, epoch: int, shipments_topic: str) -> None:
        self.rulebook = rulebook
        self.policy = policy
        self.epoch = epoch
        self.terms = {name: Terms(rulebook, programme, policy) for name, programme in rulebook.programmes.items()}
        """The enabled programmes."""
        self.us_321 = self.terms.get(US_321) or Terms(rulebook, rulebook.known[US_321], policy)
        self.near_limit_percent = rulebook.near_limit_percent
        self._shipments_topic = shipments_topic
        self.exact = policy.rounding == "cents"
        """Whether values count exactly, to the cent."""
        self._wording = Wording(rulebook, policy, epoch, self.terms)
        self.tally = self._wording.tally

    def refuse_unknown(self, posted: PostedBill) -> None:
        """Raise UnknownProgrammeError for a bill of a programme not in `terms`, unless the manifest step refused it."""
        if posted.stand == "moved" or "unknown-programme" in posted.filing_errors:
            return
        msg = (
            f"a posting is of the programme {posted.programme}, which is not enabled here: enable it for the workers "
            "of the withholding step too, and before those of the manifest step"
        )
        raise UnknownProgrammeError(msg)

    def cause(self, posting: Posting) -> Cause:
        """Return topic, partition and offset of a posting's shipment event."""
        return Cause(self._shipments_topic, posting.partition, posting.offset)

    def cause_text(self, posting: Posting) -> str:
        """Return the cause as JSON, as decisions carry it."""
        return f'{{"topic":"{self._shipments_topic}","partition":{posting.partition},"offset":{posting.offset}}}'

    def terms_of(self, ledger: LedgerId) -> Terms:
        """Return the terms of a ledger's programme."""
        return self.us_321 if isinstance(ledger, int) else self.terms[ledger.programme]

    def own_day(self, bill: Bill) -> OwnDay:
        """Return what holds for a bill by its own day."""
        return (self.us_321 if bill.programme == US_321 else self.terms[bill.programme]).days[bill.day]

    def limits(self, ledger: LedgerId, dates: Dates) -> LedgerLimits:
        """Return the limits of a ledger: of its period's first day, or of the earliest date in a conveyance."""
        if isinstance(ledger, int):
            return self.us_321.limits(ledger)
        terms = self.terms[ledger.programme]
        return terms.limits(ledger.period) if isinstance(ledger.period, int) else terms.limits_by(dates(ledger))

    def counted(self, bill: Bill) -> int | None:
        """Return the bill's value as the total counts it; None where it has none."""
        value = bill.value
        return value if self.exact or value is None else whole_dollars(value)

    def settled(self, bill: Bill, counted: int | None, day: OwnDay) -> int | None:
        """Return the status of rows 2 and 5 to 9 that settles a bill without the total, or None (DESIGN section 3)."""
        if bill.filing_errors or counted is None:
            return FILING_ERROR
        if day.refuses:
            return SUSPENDED
        if not day.excluded_origins.isdisjoint(bill.origins):
            return ORIGIN_EXCLUDED
        if bill.flags and day.rules.goods_rule(bill.flags, bill.filing) is not None:
            return GOODS_EXCLUDED
        if day.caps:
            if day.single_value is not None and counted > day.single_value:
                return SINGLE_OVER
            if day.single_weight is not None and (bill.weight or 0) > day.single_weight:
                return SINGLE_HEAVY
        if bill.mode in day.unaggregated:
            return MAIL_RELEASED if bill.arrived else MAIL_CLEAR
        return None

    def decide(
        self, bill: Bill, day: date | None, time: str, consignee: str, cause: str, ledgers: Ledgers, is_split: IsSplit
    ) -> bytes:
        """Return the decision on a bill as it is now; `day` is the day that it states, for a closed bill its last."""
        counted, status, total = self.counted(bill), bill.status, 0
        advised = advice(self, bill, counted or 0, ledgers, is_split) if status in _ADVISED else None
        figures = rule = None
        if bill.programme != US_321:
            figures = self._figures(bill, day, ledgers)
            rule = figures.rule if status in CANDIDATES else self._rule(bill)
            if figures.covered is not None:
                counted = figures.covered
        else:
            if day is not None and status in _WITH_TOTAL:
                released, projected = ledgers.totals(bill.ledger)
                total = released if bill.arrived else projected
            if status in _RULE_OF_BILL:
                rule = self._rule(bill)
        return self._wording.decision(bill, day, time, consignee, counted, total, rule, advised, cause, figures)

    def decide_fast(self, bill: Bill, counted: int, total: int, posting: Posting, time: str) -> bytes:
        """Return the decision on the one bill of a record, which the day's total released or cleared."""
        day, cause = posting.bills[0].day, self.cause_text(posting)
        return self._wording.decision(bill, day, time, posting.consignee, counted, total, None, None, cause)

    def _figures(self, bill: Bill, day: date | None, ledgers: Ledgers) -> Figures:
        """Return what a decision says of a ledger of another programme than us-321."""
        if day is None or not STATUSES[bill.status].with_total or not self.own_day(bill).rules.within_limits:
            return NO_FIGURES
        limits = ledgers.limits(bill.ledger)
        sums = ledgers.sums(bill.ledger, limits)[0 if bill.arrived else 1]
        misfit = bill.status in MISFITS
        covered = None
        if misfit and self.terms[bill.programme].overflow == "excess":
            covered = bill.covered or 0
        return Figures(limits, sums, limits.rule(sums if misfit else None), covered)

    def _rule(self, bill: Bill) -> str | None:
        """Return the id of the dated rule that decided, where it is no limit."""
        status = bill.status
        if status == FILING_ERROR:
            zone = (self.terms.get(bill.programme) or self.us_321).zone
            manifested = day_of_micros(bill.manifested, zone)
            return self.rulebook.filing_rule(bill.filing_errors[0], manifested, bill.programme)
        if status not in _RULE_OF_DAY:
            return None
        day = self.own_day(bill)
        if status == GOODS_EXCLUDED:
            return day.rules.goods_rule(bill.flags, bill.filing)
        if status == ORIGIN_EXCLUDED:
            excluded = day.rules.excluded_origins
            return next(excluded[origin] for origin in bill.origins if origin in excluded)
        return day.rule_of(status)


NO_FIGURES: Final = Figures(None, Sums(), None, None)
_WITH_TOTAL: Final = frozenset(number for number, status in STATUSES.items() if status.with_total)
_RULE_OF_BILL: Final = frozenset((FILING_ERROR, GOODS_EXCLUDED, ORIGIN_EXCLUDED))
_RULE_OF_DAY: Final = frozenset((GOODS_EXCLUDED, ORIGIN_EXCLUDED, SUSPENDED, SINGLE_OVER, SINGLE_HEAVY))
_ADVISED: Final = MISFITS | {SINGLE_OVER, SINGLE_HEAVY}
