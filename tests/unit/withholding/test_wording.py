"""Decisions written piece by piece are byte for byte what msgspec makes of the decision type."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.withholding.bill import NO_DAY, Bill
from state.withholding.statuses import (
    CLOSED,
    FILING_ERROR,
    GOODS_EXCLUDED,
    MAIL_CLEAR,
    MAIL_RELEASED,
    ORIGIN_EXCLUDED,
    PERIOD_WARNED,
    PERIOD_WITHHELD,
    SINGLE_HEAVY,
    SINGLE_OVER,
    STATUSES,
    SUSPENDED,
)
from state.withholding.terms import Terms
from state.withholding.wording import Wording
from stream.decisions import Advice, Cause, DecisionData, Policy
from tests.decision_event import decision_event
from tests.unit.withholding.judged_step import RULEBOOK, SHIPMENTS

EPOCH = 9
TIME = datetime(2025, 8, 20, 12, 0, 0, 5, tzinfo=UTC)
POLICIES = (Policy(), Policy("all_or_none", "whole-dollars", "warn", date(2016, 3, 9)))


def wording_under(policy: Policy) -> Wording:
    """Return what writes decisions of us-321 under a policy."""
    book = RULEBOOK.as_of(policy.as_of)
    return Wording(book, policy, EPOCH, {"us-321": Terms(book, book.known["us-321"], policy)})


WORDINGS = {policy: wording_under(policy) for policy in POLICIES}
OWN_RULE = {FILING_ERROR, ORIGIN_EXCLUDED, GOODS_EXCLUDED, MAIL_RELEASED, MAIL_CLEAR}
"""Statuses whose rule, if there is one, depends on the bill."""
OF_OTHERS = {SINGLE_HEAVY, PERIOD_WITHHELD, PERIOD_WARNED}
"""Statuses that us-321 never has."""

_encode = msgspec.json.Encoder().encode
numbers = st.integers(0, 10**9)
amounts = st.integers(-(10**12), 10**12)


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a bill of any status, and whatever else its decision states."""
    status = draw(st.sampled_from(sorted(set(STATUSES) - OF_OTHERS)))
    days = st.dates(date(2015, 1, 1), date(2026, 1, 1))
    day = draw(days if STATUSES[status].with_total else st.none() | days)
    errors = draw(st.lists(st.sampled_from(("282", "288", "no-port")), unique=True).map(tuple))
    bill = Bill(
        bill=draw(st.from_regex("[A-Z0-9]{4,35}", fullmatch=True)),
        conveyance=draw(st.from_regex("[A-Za-z0-9:._-]{1,100}", fullmatch=True)),
        day=NO_DAY if day is None else day.toordinal(),
        arrived=draw(st.booleans()),
        status=status,
        version=draw(numbers),
        posting=draw(numbers),
        revision=draw(numbers),
        sequence=1,
        manifested=0,
        value=draw(st.none() | amounts),
        mode=draw(st.sampled_from(("air", "ocean", "rail", "truck", "mail"))),
        filing=draw(st.sampled_from(("manifest", "type86"))),
        order=draw(st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=64)),
        origins=(),
        flags=(),
        filing_errors=errors if status == FILING_ERROR or status in CLOSED else (),
    )
    return {
        "bill": bill,
        "day": day,
        "counted": draw(st.none() | amounts),
        "total": draw(amounts),
        "rule": draw(st.none() | st.just("some-rule")) if status in OWN_RULE else None,
        "advice": draw(st.none() | st.builds(Advice, st.sampled_from(("11", "01", None)), st.none() | days)),
        "cause": Cause(SHIPMENTS, draw(numbers), draw(st.integers(0, 2**62))),
    }


def in_full(case: dict[str, Any], policy: Policy) -> bytes:
    """Write the decision by way of its type."""
    bill, day = case["bill"], case["day"]
    status = STATUSES[bill.status]
    rules = RULEBOOK.as_of(policy.as_of).on(day) if status.with_total else None
    limits = RULEBOOK.as_of(policy.as_of).limits(day) if status.with_total else None
    value = None if limits is None else limits.value
    rule, limit = case["rule"], None if value is None else value.amount
    if rules is not None and bill.status not in OWN_RULE:
        own = {
            SUSPENDED: rules.suspended_rule,
            SINGLE_OVER: None if rules.single_value is None else rules.single_value.rule,
        }
        rule = own.get(bill.status, None if value is None else value.rule)
    data = DecisionData(
        bill=bill.bill,
        conveyance=bill.conveyance,
        order=bill.order,
        epoch=EPOCH,
        bill_version=bill.version,
        posting=bill.posting,
        revision=bill.revision,
        outcome=status.outcome,
        reason=status.reason,
        basis=None if day is None else "actual" if bill.arrived else "estimated",
        day=day,
        programme="us-321",
        period=str(day) if day else None,
        currency="USD",
        consignee="na2:one",
        value_cents=bill.value,
        counted_cents=case["counted"],
        counts=bill.counts,
        total_cents=None if limit is None else case["total"],
        limit_cents=limit,
        headroom_cents=None if limit is None else limit - case["total"],
        code=RULEBOOK.as_of(policy.as_of).code(bill.filing, bill.mode, status.outcome, status.reason, day),
        filing_errors=bill.filing_errors,
        rule=rule,
        policy=policy,
        advice=case["advice"],
        cause=case["cause"],
    )
    return _encode(decision_event(data, TIME))


def in_pieces(case: dict[str, Any], policy: Policy) -> bytes:
    """Write the decision as the step does."""
    time, cause = _encode(TIME).decode(), _encode(case["cause"]).decode()
    rest = (case["counted"], case["total"], case["rule"], case["advice"], cause)
    return WORDINGS[policy].decision(case["bill"], case["day"], time, "na2:one", *rest)


@given(case=cases(), policy=st.sampled_from(POLICIES))
def test_every_decision_is_written_as_its_type_is(case: dict[str, Any], policy: Policy) -> None:
    """Whatever a bill holds, quotes, controls and letters of any script in its order included, the bytes agree."""
    assert in_pieces(case, policy) == in_full(case, policy)


@pytest.mark.parametrize("order", ['"', "\\", "\n\0\x7f", "é€😀", "%s {x} </script>"])
def test_order_numbers_are_escaped(order: str) -> None:
    """The one text of a producer in a decision cannot break out of its field."""
    bill = Bill("ACME0001", "air:1", NO_DAY, False, 0, 1, 1, 1, 1, 0, 1, "air", "manifest", order, (), (), ())
    case = {"bill": bill, "day": None, "counted": 1, "total": 0, "rule": None, "advice": None}
    written = in_pieces({**case, "cause": Cause(SHIPMENTS, 0, 0)}, POLICIES[0])
    assert msgspec.json.decode(written)["data"]["order"] == order
    assert written == in_full({**case, "cause": Cause(SHIPMENTS, 0, 0)}, POLICIES[0])


def test_templates_that_are_dropped_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """When there are too many templates, all are dropped, and decisions read as before."""
    monkeypatch.setattr("state.withholding.wording.TEMPLATES_MAX", 2)
    wording = wording_under(Policy())
    bill = Bill("ACME0001", "air:1", 1, True, SUSPENDED, 1, 1, 1, 1, 0, 1, "air", "manifest", None, (), (), ())
    days = [date(2025, 9, day) for day in (1, 2, 3, 1)]
    written = [wording.decision(bill, day, '"t"', "na2:one", 1, 0, None, None, "null") for day in days]
    assert [str(day).encode() in text for day, text in zip(days, written, strict=True)] == [True] * 4
    assert written[0] == written[3]
    assert len(wording._templates) <= 2
