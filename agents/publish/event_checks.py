"""The checks of the manifest step, before anything is sent: every mistake of an event, not only its first.

The step itself stops at the first fault. Here the wrong part is replaced with a sample's, and the event is read again,
until nothing is wrong. So you correct a file once, not once for each mistake.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final, NamedTuple

import msgspec

from agents.files.candidates import Candidate, bills_named
from agents.files.mistakes import Mistake
from agents.publish.event_mending import amount_words, heal, part_of
from agents.publish.event_warnings import warnings_of
from agents.publish.repeated_events import EVENTS_KEPT, Repeats
from state.rules import Rulebook, load_rulebook
from stream.deadletters import Fault
from stream.events import Shipment
from stream.faultfinding import FaultFound
from stream.reading import Reader
from stream.records import PlainRecord

MISTAKES_MAX: Final = 50
"""Of one event; with so many you check the whole event anyway."""

_WHOLE_LINE: Final = frozenset({Fault.TOO_LARGE, Fault.NOT_JSON, Fault.KEY_MISMATCH, Fault.WRONG_PARTITION})


@cache
def shipped_rules() -> Rulebook:
    """Return the shipped rules, with every programme enabled.

    Which programmes are enabled, and which is the default, the workers know; who publishes may be far from them.
    """
    rulebook = load_rulebook()
    return rulebook.with_programmes(list(rulebook.known), rulebook.default_programme)


class Good(NamedTuple):
    """An event that may be sent."""

    line: int
    value: bytes
    conveyance: str
    bill: str | None = None
    """The bill that it concerns."""
    rows: int = 1
    repeats: bool = False
    """Whether it repeats an earlier event, and will have no effect."""
    warnings: tuple[Mistake, ...] = ()


class Bad(NamedTuple):
    """An event that cannot be sent, and the bills that are incomplete without it."""

    line: int
    mistakes: list[Mistake]
    rows: int
    wrong_rows: int
    """Rows with a mistake of their own; the others of the event are held back for it."""
    bills: frozenset[str]


class Checker:
    """Checks events in the order of a file; `now_ms` stands for the broker's clock, `rules` for those of workers."""

    def __init__(self, now_ms: int, events_kept: int = EVENTS_KEPT, rules: Rulebook | None = None) -> None:
        self._read = Reader(None).read
        self._now_ms = now_ms
        self._rules = shipped_rules() if rules is None else rules
        self._repeats = Repeats(self._rules, events_kept)

    def examine(self, candidates: Iterable[Candidate]) -> Iterator[Good | Bad]:
        """Yield each event that may be sent, or everything that is wrong with it."""
        for candidate in candidates:
            if not candidate.value:
                bills = candidate.bills or frozenset()
                yield Bad(candidate.line, list(candidate.mistakes), candidate.rows, candidate.rows, bills)
                continue
            found = self.read(candidate.value)
            if isinstance(found, FaultFound):
                yield _bad(candidate, [*candidate.mistakes, *self._mistakes(candidate, found)])
            elif candidate.mistakes:
                yield _bad(candidate, list(candidate.mistakes))
            else:
                yield self._looked_back(found, candidate)

    def read(self, value: bytes) -> Shipment | FaultFound:
        """Read an event as the manifest step will."""
        return self._read(PlainRecord("", 0, 0, self._now_ms, None, value))

    def _looked_back(self, event: Shipment, candidate: Candidate) -> Good | Bad:
        finding = self._repeats.look(event, candidate.line)
        if finding.conflict is not None:
            place = candidate.find("$.data.version")
            expected = f"expected the same as in line {finding.conflict}, where this bill has this version"
            return _bad(candidate, [Mistake(place.line, place.field, Fault.VERSION_CONFLICT, expected, place.origin)])
        bill = getattr(event.data, "bill", None)
        warnings = tuple(warnings_of(event, candidate, self._rules))
        return Good(
            candidate.line, candidate.value, event.data.conveyance, bill, candidate.rows, finding.repeats, warnings
        )

    def _mistakes(self, candidate: Candidate, found: FaultFound) -> Iterator[Mistake]:
        healed, seen = candidate.value, set()
        # What a column map could not convert is told once.
        told = {(mistake.line, mistake.field) for mistake in candidate.mistakes}
        for _ in range(MISTAKES_MAX):
            path, _, expected = found.detail.partition(": ")
            if path in seen:
                return
            seen.add(path)
            whole = found.fault in _WHOLE_LINE
            mistake = self._mistake(candidate, found, path, expected)
            # A cell may stand in two places of an event.
            if (mistake.line, mistake.field) not in told:
                told.add((mistake.line, mistake.field))
                yield mistake
            mended = None if whole else heal(healed, path)
            again = self.read(mended) if mended else None
            if mended is None or not isinstance(again, FaultFound):
                return
            healed, found = mended, again

    @staticmethod
    def _mistake(candidate: Candidate, found: FaultFound, path: str, expected: str) -> Mistake:
        place = candidate.find(path if path.startswith("$") else "")
        field = "" if found.fault in _WHOLE_LINE else place.field
        code: str = found.fault
        if code == Fault.WRONG_ENVELOPE and candidate.bills is not None:
            code = Fault.WRONG_SHAPE  # rows have no envelope, only columns
        if path.endswith(".value.amount"):
            expected = amount_words(part_of(candidate.value, path)) or expected
        return Mistake(
            place.line or candidate.line, field, code, expected or found.detail, place.origin if field else ""
        )


def _bad(candidate: Candidate, mistakes: list[Mistake]) -> Bad:
    wrong = min(candidate.rows, len({mistake.line for mistake in mistakes}))
    return Bad(candidate.line, mistakes, candidate.rows, wrong, _bills(candidate))


def _bills(candidate: Candidate) -> frozenset[str]:
    if candidate.bills is not None:
        return candidate.bills
    try:
        bill = part_of(candidate.value, "$.data.bill")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        bill = None
    return bills_named(bill.encode() if isinstance(bill, str) else candidate.value)
