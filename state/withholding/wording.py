"""Decisions as bytes: the parts that many decisions share are written once, as a decision template, and kept.

The result is byte for byte what msgspec makes of `stream.decisions.Decision`; a test compares the two. To build and
encode the objects would take as long as the judging itself.
"""

from datetime import date
from typing import Final

import msgspec

from state.rules.rulebook import Rulebook
from state.withholding.bill import US_321, Bill
from state.withholding.statuses import (
    FILING_ERROR,
    GOODS_EXCLUDED,
    MAIL_CLEAR,
    MAIL_RELEASED,
    ORIGIN_EXCLUDED,
    SINGLE_OVER,
    STATUSES,
    SUSPENDED,
)
from state.withholding.tally import Count, Kind, Tally
from stream.decisions import SOURCE, TYPE, Advice, Policy

TEMPLATES_MAX: Final = 20_000
"""Templates that are kept; a day has a few hundred."""

_json = msgspec.json.Encoder().encode


class DecisionTemplate:
    """The parts that all decisions of one status, basis, day, filing and mode share."""

    __slots__ = ("count", "limit", "middle", "opening")

    def __init__(self, opening: str, middle: str, limit: int | None, count: Count) -> None:
        self.opening = opening
        """JSON of outcome, reason, basis, day, and the fields that follow from the day."""
        self.middle = middle
        """JSON from measures to policy, up to the advice. A bill's own filing errors and rule replace those in it."""
        self.limit = limit
        self.count = count


class Wording:
    """Writes the decisions under one policy."""

    def __init__(self, rulebook: Rulebook, policy: Policy, epoch: int) -> None:
        self._rulebook = rulebook
        self._policy = _json(policy).decode()
        self._epoch = epoch
        self.tally = Tally()
        self._templates: dict[tuple[int, bool, date | None, str, str], DecisionTemplate] = {}

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
    ) -> bytes:
        """Return the decision as JSON; `rule` is set where it depends on the bill, `time` and `cause` are JSON."""
        key = (bill.status, bill.arrived, day, bill.filing, bill.mode)
        template = self._templates.get(key) or self._template(bill, day)
        number, conveyance = bill.bill, bill.conveyance
        epoch, version, posting, revision = self._epoch, bill.version, bill.posting, bill.revision
        value = bill.value
        count = template.count
        count.made += 1
        count.cents += value or 0
        order = "null" if bill.order is None else _json(bill.order).decode()
        limit = template.limit
        totals = (
            '"total_cents":null,"limit_cents":null,"headroom_cents":null,'
            if limit is None
            else f'"total_cents":{total},"limit_cents":{limit},"headroom_cents":{limit - total},'
        )
        middle = template.middle
        if bill.filing_errors or rule is not None:
            errors = _json(bill.filing_errors).decode()
            middle = middle.replace('"filing_errors":[],"rule":null', f'"filing_errors":{errors},"rule":{_text(rule)}')
        return (
            f'{{"specversion":"1.0","id":"{number}/{conveyance}/{epoch}/{version}/{posting}/{revision}",'
            f'"source":"{SOURCE}","type":"{TYPE}","time":{time},"data":{{"bill":"{number}","conveyance":"{conveyance}",'
            f'"order":{order},"epoch":{epoch},"bill_version":{version},"posting":{posting},"revision":{revision},'
            f'{template.opening}"consignee":"{consignee}","seller":null,'
            f'"value_cents":{"null" if value is None else value},'
            f'"counted_cents":{"null" if counted is None else counted},"counts":{"true" if bill.counts else "false"},'
            f"{totals}{middle}"
            f'{"null" if advice is None else _json(advice).decode()},"cause":{cause}}}}}'
        ).encode()

    def _template(self, bill: Bill, day: date | None) -> DecisionTemplate:
        outcome, reason, with_total = STATUSES[bill.status]
        basis = None if day is None else "actual" if bill.arrived else "estimated"
        rules = self._rulebook.on(day) if with_total and day is not None else None
        rule = None
        if rules is not None and bill.status not in _RULE_OF_BILL:
            rule = {SUSPENDED: rules.suspended_rule, SINGLE_OVER: rules.single_rule}.get(bill.status, rules.limit_rule)
        code = self._rulebook.code(bill.filing, bill.mode, outcome, reason, day)
        period = _text(None if day is None else day.isoformat())
        template = DecisionTemplate(
            f'"outcome":"{outcome}","reason":"{reason}","basis":{_text(basis)},'
            f'"day":{period},"programme":"{US_321}","period":{period},"currency":"USD",',
            f'"measures":[],"code":{_json(code).decode()},"filing_errors":[],"rule":{_text(rule)},'
            f'"policy":{self._policy},"advice":',
            None if rules is None else rules.limit_cents,
            self.tally.count_of(Kind(outcome, reason, basis or "none", bill.mode)),
        )
        if len(self._templates) >= TEMPLATES_MAX:
            self._templates.clear()
        self._templates[bill.status, bill.arrived, day, bill.filing, bill.mode] = template
        return template


_RULE_OF_BILL: Final = frozenset((FILING_ERROR, ORIGIN_EXCLUDED, GOODS_EXCLUDED, MAIL_RELEASED, MAIL_CLEAR))
"""Statuses whose rule, if they have one, depends on the bill."""


def _text(text: str | None) -> str:
    return "null" if text is None else f'"{text}"'
