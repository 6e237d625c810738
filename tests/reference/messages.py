"""Decisions and alerts as a reader sees them, held against what the plain model says of one posting record."""

from collections.abc import Sequence

import msgspec

from state.rules.loading import load_rulebook
from stream.alerts import Alert, AlertData
from stream.decisions import Decision, DecisionData
from stream.postings import Posting
from stream.records import Outgoing, Sink
from tests.decision_event import decision_event
from tests.reference.day import Judged

BOOK = load_rulebook()
LINES_MAX = 8
Message = DecisionData | AlertData

_decision = msgspec.json.Decoder(Decision, strict=True)
_alert = msgspec.json.Decoder(Alert, strict=True)
_encode = msgspec.json.Encoder().encode


def check_outputs(outputs: Sequence[Outgoing], expected: Judged, posting: Posting, partition: int) -> None:
    """Compare decisions in order and to the byte, and alerts of one record in any order; raises AssertionError."""
    decisions = [one for one in outputs if one.sink is Sink.DECISIONS]
    alerts = [one for one in outputs if one.sink is Sink.ALERTS]
    assert len(decisions) + len(alerts) == len(outputs)
    assert {one.partition for one in outputs} <= {partition}
    sent = [_decision.decode(one.value or b"") for one in decisions]
    _same([one.data for one in sent], expected.decisions, posting)
    whole = [_encode(decision_event(data, posting.time)) for data in expected.decisions]
    assert [one.value for one in decisions] == whole
    assert [one.key for one in decisions] == [data.bill.encode() for data in expected.decisions]
    raised = [_alert.decode(one.value or b"") for one in alerts]
    _same(sorted((one.data for one in raised), key=_order), sorted(expected.alerts, key=_order), posting)
    assert {one.key for one in alerts} <= {posting.consignee.encode()}
    assert {one.time for one in raised} <= {posting.time}
    assert len({one.id for one in raised}) == len(raised)


def _same(sent: Sequence[Message], expected: Sequence[Message], posting: Posting) -> None:
    """Compare messages; the difference is told in the fields that differ."""
    if sent == expected:
        return
    lines = [
        f"{mine.bill} on {mine.conveyance}: {name} is {getattr(mine, name)!r}, must be {getattr(right, name)!r}"
        for mine, right in zip(sent, expected, strict=False)
        for name in mine.__struct_fields__
        if getattr(mine, name) != getattr(right, name)
    ]
    place = f"after event {posting.offset} of partition {posting.partition}"
    raise AssertionError("\n".join([f"{place}: {len(sent)} sent, {len(expected)} expected", *lines[:LINES_MAX]]))


def _order(alert: Message) -> tuple[str, ...]:
    return tuple(map(str, msgspec.structs.astuple(alert)))
