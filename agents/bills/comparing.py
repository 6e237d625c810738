"""What if: one file of events judged twice, side by side, and where the two differ."""

from collections import Counter
from datetime import date
from typing import Final

import msgspec

from agents.judge.feeding import feed
from agents.judge.offline_judge import JudgeOptions, open_judge
from stream.records import Fate, Outgoing, Sink


class JudgedBill(msgspec.Struct, frozen=True, gc=False):
    """What a comparison looks at in a decision."""

    bill: str
    conveyance: str
    outcome: str
    reason: str
    day: date | None
    counted_cents: int | None
    counts: bool

    @property
    def words(self) -> str:
        """Outcome and reason."""
        return f"{self.outcome} {self.reason}"

    @property
    def counted(self) -> int:
        """What it adds to the released total, in cents."""
        return (self.counted_cents or 0) if self.counts else 0


class _ComparedDecision(msgspec.Struct, gc=False):
    data: JudgedBill


_decode: Final = msgspec.json.Decoder(_ComparedDecision).decode


class ComparedChange(msgspec.Struct, frozen=True):
    """A bill that ends with another outcome or reason."""

    before: JudgedBill
    after: JudgedBill


class Side(msgspec.Struct, frozen=True):
    """How a file ends under one policy."""

    counts: dict[str, int]
    """Bills by outcome and reason, each on its conveyance."""
    released_cents: int
    """Sum of what counts against the limit."""


class Amounts(msgspec.Struct, frozen=True):
    """Bills that end the same, and of which another amount counts."""

    bills: int
    before_cents: int
    after_cents: int


class Comparison(msgspec.Struct, frozen=True):
    """Both ends of a file, and what is between them."""

    events: int
    bad_events: int
    """Those that could not be read; `tallygate judge --dead-letters` says why."""
    before: Side
    after: Side
    changes: tuple[ComparedChange, ...]
    """In the order in which the bills came."""
    amounts: Amounts


class _End:
    """Keeps of each bill on each conveyance the decision that came last; a judge gives them in the order of rank."""

    def __init__(self) -> None:
        self.verdicts: dict[tuple[str, str], JudgedBill] = {}

    def take(self, outgoing: Outgoing) -> None:
        """Look at what a judge sends."""
        if outgoing.sink is Sink.DECISIONS and outgoing.value is not None:
            verdict = _decode(outgoing.value).data
            self.verdicts[verdict.bill, verdict.conveyance] = verdict

    def side(self) -> Side:
        """Sum up."""
        counts = Counter(verdict.words for verdict in self.verdicts.values())
        released = sum(verdict.counted for verdict in self.verdicts.values())
        return Side(dict(sorted(counts.items())), released)


def compare(name: str, before: JudgeOptions, after: JudgeOptions) -> Comparison:
    """Judge a file under both options. Raise FileError, and what `open_judge` raises before anything is read."""
    one, other = _End(), _End()
    push, push_other = open_judge(before, one.take).push, open_judge(after, other.take).push
    events = bad = 0
    for number, value, _rows in feed(name):
        events += 1
        if not value:
            bad += 1
            continue
        fate, _code = push(value, number)
        push_other(value, number)
        bad += fate is Fate.DEAD_LETTERED
    both = [ComparedChange(verdict, other.verdicts[key]) for key, verdict in one.verdicts.items()]
    changes = tuple(each for each in both if each.before.words != each.after.words)
    return Comparison(events, bad, one.side(), other.side(), changes, _amounts(both))


def _amounts(both: list[ComparedChange]) -> Amounts:
    same = [each for each in both if each.before.words == each.after.words]
    sums = [(each.before.counted, each.after.counted) for each in same if each.before.counted != each.after.counted]
    return Amounts(len(sums), sum(before for before, _ in sums), sum(after for _, after in sums))
