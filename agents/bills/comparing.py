"""What if: one file of events judged under two policies at the same time, and where the results differ."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec

from agents.files.maps import ColumnMap
from agents.judge.feeding import feed
from agents.judge.offline_judge import JudgeOptions, open_judge
from stream.records import Fate, Outgoing, Sink


class JudgedBill(msgspec.Struct, frozen=True, gc=False):
    """The fields of a decision that are compared."""

    bill: str
    conveyance: str
    outcome: str
    reason: str
    day: date | None
    programme: str
    currency: str | None
    """Null with `unknown-programme`."""
    counted_cents: int | None
    counts: bool

    @property
    def words(self) -> str:
        """Outcome and reason."""
        return f"{self.outcome} {self.reason}"

    @property
    def counted(self) -> int:
        """What it adds to the released total, in hundredths of `currency`."""
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


class Amounts(msgspec.Struct, frozen=True):
    """What bills of one programme count under both policies, in hundredths of `currency`."""

    programme: str
    currency: str
    bills: int
    before_cents: int
    after_cents: int


class Comparison(msgspec.Struct, frozen=True):
    """The results of both policies, and their differences."""

    events: int
    bad_events: int
    """Events that could not be read; `tallygate judge --dead-letters` says why."""
    before: Side
    after: Side
    changes: tuple[ComparedChange, ...]
    """In the order in which the bills came."""
    released: tuple[Amounts, ...]
    """What counts against the limits, by programme."""
    otherwise: tuple[Amounts, ...]
    """Bills with the same outcome and reason and another counted amount, by programme."""


class _End:
    """Keeps the last decision of each bill on each conveyance; the offline judge sends them in the order of rank."""

    def __init__(self) -> None:
        self.decisions: dict[tuple[str, str], JudgedBill] = {}

    def take(self, outgoing: Outgoing) -> None:
        """Keep a decision that the judge sends."""
        if outgoing.sink is Sink.DECISIONS and outgoing.value is not None:
            decision = _decode(outgoing.value).data
            self.decisions[decision.bill, decision.conveyance] = decision

    def side(self) -> Side:
        """Return the sums."""
        counts = Counter(decision.words for decision in self.decisions.values())
        return Side(dict(sorted(counts.items())))


def compare(name: str, before: JudgeOptions, after: JudgeOptions, column_map: ColumnMap | None = None) -> Comparison:
    """Judge a file under both options; a `column_map` reads an export.

    Raise FileError, or before reading what `open_judge` raises.
    """
    one, other = _End(), _End()
    push, push_other = open_judge(before, one.take).push, open_judge(after, other.take).push
    events = bad = 0
    for number, value, _rows in feed(name, column_map):
        events += 1
        if not value:
            bad += 1
            continue
        fate, _code = push(value, number)
        push_other(value, number)
        bad += fate is Fate.DEAD_LETTERED
    both = [ComparedChange(decision, other.decisions[key]) for key, decision in one.decisions.items()]
    changes = tuple(each for each in both if each.before.words != each.after.words)
    same = [each for each in both if each.before.words == each.after.words]
    otherwise = [each for each in same if each.before.counted != each.after.counted]
    return Comparison(events, bad, one.side(), other.side(), changes, _amounts(both), _amounts(otherwise))


def _amounts(both: list[ComparedChange]) -> tuple[Amounts, ...]:
    """Return the sums of each programme; a bill that claims an unknown one has no amount."""
    found: dict[tuple[str, str], list[ComparedChange]] = {}
    for each in both:
        currency = each.before.currency or each.after.currency
        if currency is not None:
            found.setdefault((each.before.programme, currency), []).append(each)
    return tuple(
        Amounts(*key, len(bills), _counted(each.before for each in bills), _counted(each.after for each in bills))
        for key, bills in sorted(found.items())
    )


def _counted(bills: Iterable[JudgedBill]) -> int:
    return sum(bill.counted for bill in bills)
