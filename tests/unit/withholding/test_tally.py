"""What is counted beside the judging is what was decided and raised."""

from collections import Counter

from state.withholding.tally import Raised
from stream.records import Outgoing
from tests.unit.withholding.judged_step import LIMIT, JudgedStep, alerts, decisions, posted, posting


def day_of_everything(judged_step: JudgedStep) -> list[Outgoing]:
    """Post bills that are released, withheld, rejected, wait and leave, one of them by mail and one near the limit."""
    posts = [
        posting(posted(1, 100), posted(2, LIMIT - 200, mode="ocean"), posted(3, 500)),
        posting(posted(4, LIMIT + 1), posted(5, 30, "expected"), posted(6, 40, mode="mail")),
        posting(posted(7, 10, "waiting"), posted(8, None, filing_errors=("282",))),
        posting(posted(1, 100, "closed", version=2, posting=2)),
    ]
    return [output for post in posts for output in judged_step.send(post)]


def test_decisions_are_counted_as_they_read() -> None:
    """Kinds, numbers and cents are those of the decisions that were written."""
    judged_step = JudgedStep()
    outputs = day_of_everything(judged_step)
    decided, raised = judged_step.step.tally.drain()
    made: Counter[tuple[str, str, str]] = Counter()
    cents: Counter[tuple[str, str, str]] = Counter()
    for one in decisions(outputs):
        said = (one.outcome, one.reason, one.basis or "none")
        made[said] += 1
        cents[said] += one.value_cents or 0
    counted: Counter[tuple[str, str, str]] = Counter()
    counted_cents: Counter[tuple[str, str, str]] = Counter()
    for kind, number, value in decided:
        counted[kind[:3]] += number
        counted_cents[kind[:3]] += value
    assert counted == made
    assert +counted_cents == +cents
    assert {kind.outcome for kind, *_ in decided} >= {"release", "withhold", "reject", "clear", "pending", "closed"}
    assert {kind.mode for kind, *_ in decided} == {"air", "ocean", "mail"}
    assert raised == Counter((alert.alert, alert.programme) for alert in alerts(outputs))
    assert raised[Raised("near-limit", "us-321")] == 1


def test_drained_counts_begin_anew() -> None:
    """What was drained is gone, and what comes after is counted alone."""
    judged_step = JudgedStep()
    day_of_everything(judged_step)
    judged_step.step.tally.drain()
    assert judged_step.step.tally.drain() == ([], Counter())
    judged_step.post(posted(9, 20))
    (((outcome, *_), made, cents),), _ = judged_step.step.tally.drain()
    assert (outcome, made, cents) == ("release", 1, 20)
