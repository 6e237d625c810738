"""Decisions as bytes: the parts that many decisions share are written once, as a decision template, and kept.

The result is byte for byte what msgspec makes of `stream.decisions.Decision`; a test compares the two. To build and
encode the objects would take as long as the judging itself.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

import msgspec
from msgspec import structs

from state.rules.rulebook import Rulebook
from state.withholding.bill import Bill
from state.withholding.statuses import (
    CLEAR,
    FILING_ERROR,
    GOODS_EXCLUDED,
    MAIL_CLEAR,
    MAIL_RELEASED,
    ORIGIN_EXCLUDED,
    RELEASED,
    SINGLE_HEAVY,
    SINGLE_OVER,
    STATUSES,
    SUSPENDED,
)
from state.withholding.tally import OTHER, Count, Kind, Tally
from state.withholding.terms import LedgerLimits, Sums, Terms
from stream.decisions import SOURCE, TYPE, Advice, Measure, Policy
from stream.postings import US_321

TEMPLATES_MAX: Final = 20_000
"""Templates that are kept; a day has a few hundred."""

_ENVELOPE: Final = f'"source":"{SOURCE}","type":"{TYPE}",'

_json = msgspec.json.Encoder().encode


TemplateKey = tuple[int, bool, date | None, str, str] | tuple[int, bool, date | None, str, str, str, bool]
"""Status, whether arrived, day, filing, mode, and the programme if it is another than us-321."""


class Figures(NamedTuple):
    """What a decision says of a ledger of another programme than us-321."""

    limits: LedgerLimits | None
    """None where the decision shows no total."""
    sums: Sums
    rule: str | None
    """Id of the limit that decided."""
    covered: int | None
    """Under `excess`, what counts of a bill that does not fit."""

    @property
    def measures(self) -> str:
        """Return the limits that are not on value as JSON."""
        limits, sums, found = self.limits, self.sums, []
        if limits is not None and limits.count is not None:
            found.append(Measure("count", sums.count, limits.count))
        if limits is not None and limits.weight is not None:
            found.append(Measure("weight", sums.weight, limits.weight))
        return _json(found).decode()


class DecisionTemplate:
    """The parts that all decisions of one programme, status, basis, day, filing and mode share."""

    __slots__ = ("count", "counts", "limit", "middle", "opening")

    def __init__(self, opening: str, middle: str, limit: int | None, count: Count, counts: str | None) -> None:
        self.opening = opening
        """JSON of outcome, reason, basis, day, and the fields that follow from the day."""
        self.middle = middle
        """JSON from measures to policy, up to the advice. A bill's own filing errors and rule replace those in it."""
        self.limit = limit
        """The value limit of us-321; that of other programmes comes with each bill."""
        self.count = count
        self.counts = counts
        """JSON of whether the bill counts, where status and basis tell; else None."""


class Wording:
    """Writes the decisions under one policy."""

    def __init__(self, rulebook: Rulebook, policy: Policy, epoch: int, terms: Mapping[str, Terms]) -> None:
        self._rulebook = rulebook
        self._terms = terms
        self._policy = _json(policy).decode()
        self._policies = {
            name: _json(structs.replace(policy, overflow=one.overflow)).decode() for name, one in terms.items()
        }
        self._epoch = epoch
        self.tally = Tally(rulebook.programmes.values())
        self._templates: dict[TemplateKey, DecisionTemplate] = {}

    def decision(
        self,
        bill: Bill,
        day: date | None,
        time: str,
        consignee: str,
        counted: int | None,
        total: int,
        rule: str | None,
        advice: Advice | None,
        cause: str,
        figures: Figures | None = None,
    ) -> bytes:
        """Return the decision as JSON; `rule` is set where it depends on the bill, `time` and `cause` are JSON.

        `figures` are those of a ledger of another programme than us-321, whose `total` is said by itself.
        """
        key: TemplateKey = (bill.status, bill.arrived, day, bill.filing, bill.mode)
        if figures is not None or bill.filing_errors:
            key = (*key, bill.programme, _is_unknown(bill))
        template = self._templates.get(key) or self._template(bill, day, key)
        limit, middle, seller = template.limit, template.middle, "null"
        if figures is not None:
            seller = _text(bill.seller)
            if figures.limits is not None:
                limit, total = figures.limits.value, figures.sums.value
                middle = middle.replace('"measures":[]', f'"measures":{figures.measures}')
        value = bill.value
        count = template.count
        count.made += 1
        count.cents += value or 0
        order = "null" if bill.order is None else _json(bill.order).decode()
        counts = template.counts or ("true" if bill.counts else "false")
        totals = (
            '"total_cents":null,"limit_cents":null,"headroom_cents":null,'
            if limit is None
            else f'"total_cents":{total},"limit_cents":{limit},"headroom_cents":{limit - total},'
        )
        if bill.filing_errors or rule is not None:
            errors = _json(bill.filing_errors).decode()
            middle = middle.replace('"filing_errors":[],"rule":null', f'"filing_errors":{errors},"rule":{_text(rule)}')
        return (
            f'{{"specversion":"1.0","id":"{bill.bill}/{bill.conveyance}/{self._epoch}/{bill.version}/{bill.posting}/'
            f'{bill.revision}",{_ENVELOPE}"time":{time},"data":{{"bill":"{bill.bill}","conveyance":"{bill.conveyance}",'
            f'"order":{order},"epoch":{self._epoch},"bill_version":{bill.version},"posting":{bill.posting},'
            f'"revision":{bill.revision},{template.opening}"consignee":"{consignee}","seller":{seller},'
            f'"value_cents":{"null" if value is None else value},'
            f'"counted_cents":{"null" if counted is None else counted},"counts":{counts},'
            f"{totals}{middle}"
            f'{"null" if advice is None else _json(advice).decode()},"cause":{cause}}}}}'
        ).encode()

    def _template(self, bill: Bill, day: date | None, key: TemplateKey) -> DecisionTemplate:
        outcome, reason, with_total = STATUSES[bill.status]
        basis = None if day is None else "actual" if bill.arrived else "estimated"
        # One that the manifest step did not know stays unknown, even where this step has learnt of it since.
        terms = None if _is_unknown(bill) else self._terms.get(bill.programme)
        limits = rule = None
        if bill.programme == US_321 and terms is not None and with_total and day is not None:
            own_day = terms.days[day.toordinal()]
            if own_day.rules.within_limits:
                limits = terms.limits(day.toordinal())
            if bill.status not in _RULE_OF_BILL:
                of_limits = None if limits is None else limits.rule()
                rule = own_day.rule_of(bill.status) if bill.status in _RULE_OF_DAY else of_limits
        code = self._rulebook.code(bill.filing, bill.mode, outcome, reason, day, bill.programme)
        currency = None if terms is None else terms.currency
        period = None if terms is None or day is None else terms.period_text(day)
        date_text = None if day is None else day.isoformat()
        counted_as = OTHER if terms is None else bill.programme
        template = DecisionTemplate(
            f'"outcome":"{outcome}","reason":"{reason}","basis":{_text(basis)},'
            f'"day":{_text(date_text)},"programme":"{bill.programme}","period":{_text(period)},'
            f'"currency":{_text(currency)},',
            f'"measures":[],"code":{_json(code).decode()},"filing_errors":[],"rule":{_text(rule)},'
            f'"policy":{self._policy if terms is None else self._policies[bill.programme]},"advice":',
            None if limits is None else limits.value,
            self.tally.count_of(Kind(outcome, reason, basis or "none", bill.mode, counted_as, currency or "")),
            {RELEASED: "true" if bill.arrived else "false", CLEAR: "false"}.get(bill.status),
        )
        if len(self._templates) >= TEMPLATES_MAX:
            self._templates.clear()
        self._templates[key] = template
        return template


_RULE_OF_BILL: Final = frozenset((FILING_ERROR, ORIGIN_EXCLUDED, GOODS_EXCLUDED, MAIL_RELEASED, MAIL_CLEAR))
"""Statuses whose rule, if they have one, depends on the bill."""
_RULE_OF_DAY: Final = frozenset((SUSPENDED, SINGLE_OVER, SINGLE_HEAVY))
"""Statuses whose rule, if they have one, is that of the bill's own day."""


def _is_unknown(bill: Bill) -> bool:
    return "unknown-programme" in bill.filing_errors


def _text(text: str | None) -> str:
    return "null" if text is None else f'"{text}"'
