"""What if: one file of events judged twice, side by side, and where the two differ."""

import sys
from collections import Counter
from datetime import date
from typing import Final

import msgspec

from agents.judge.files import open_source, read_events
from agents.judge.judging import Options, open_judge
from agents.judge.progress import no_progress, progress_bar
from stream.records import Fate, Outgoing, Sink

EVENTS_A_REPORT: Final = 2_000


class Verdict(msgspec.Struct, frozen=True, gc=False):
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


class _Decision(msgspec.Struct, gc=False):
    data: Verdict


_decode: Final = msgspec.json.Decoder(_Decision).decode


class Change(msgspec.Struct, frozen=True):
    """A bill that ends otherwise."""

    before: Verdict
    after: Verdict


class Side(msgspec.Struct, frozen=True):
    """How a file ends under one policy."""

    counts: dict[str, int]
    """Bills by outcome and reason, each on its conveyance."""
    released_cents: int
    """Sum of what counts against the limit."""


class Comparison(msgspec.Struct, frozen=True):
    """Both ends of a file, and what is between them."""

    events: int
    bad_events: int
    """Those that could not be read; `tallygate judge --dead-letters` says why."""
    before: Side
    after: Side
    changes: tuple[Change, ...]
    """In the order in which the bills came."""


class _End:
    """Keeps of each bill on each conveyance the decision that came last; a judge gives them in the order of rank."""

    def __init__(self) -> None:
        self.verdicts: dict[tuple[str, str], Verdict] = {}

    def take(self, outgoing: Outgoing) -> None:
        """Look at what a judge sends."""
        if outgoing.sink is Sink.DECISIONS and outgoing.value is not None:
            verdict = _decode(outgoing.value).data
            self.verdicts[verdict.bill, verdict.conveyance] = verdict

    def side(self) -> Side:
        """Sum up."""
        counts = Counter(verdict.words for verdict in self.verdicts.values())
        released = sum(verdict.counted_cents or 0 for verdict in self.verdicts.values() if verdict.counts)
        return Side(dict(sorted(counts.items())), released)


def compare(name: str, before: Options, after: Options) -> Comparison:
    """Judge a file under both options. Raises FileError, and what `open_judge` raises before anything is read."""
    one, other = _End(), _End()
    push, push_other = open_judge(before, one.take).push, open_judge(after, other.take).push
    events = bad = 0
    bar = progress_bar if sys.stderr.isatty() else no_progress
    with open_source(name) as source, bar(source.size) as progress:
        for number, value in read_events(source.lines, name):
            fate, _code = push(value, number)
            push_other(value, number)
            events += 1
            bad += fate is Fate.DEAD_LETTERED
            if number % EVENTS_A_REPORT == 0:
                progress(source.position(), number)
    changes = (Change(verdict, other.verdicts[key]) for key, verdict in one.verdicts.items())
    return Comparison(events, bad, one.side(), other.side(), tuple(each for each in changes if _differs(each)))


def _differs(change: Change) -> bool:
    before, after = change.before, change.after
    return (before.words, before.counts, before.counted_cents) != (after.words, after.counts, after.counted_cents)
