"""The checks of the manifest step, before anything is sent: every mistake of an event, not only its first.

The step itself stops at the first fault. Here the place that is wrong is mended with a sample's, and the event is read
again, until nothing is wrong: so that a file is corrected once, not once for each mistake.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import msgspec

from agents.publishing.candidates import Candidate
from agents.publishing.mistakes import Mistake
from agents.publishing.samples import SAMPLES
from state.manifest.content import read_content
from stream.consignee import JUDGE_SECRET, KeyMaker
from stream.deadletters import Fault
from stream.events import BillAmended, BillDeleted, BillDisposed, BillManifested, Shipment
from stream.faultfinding import FaultFound
from stream.reading import Reader
from stream.records import PlainRecord

MISTAKES_MAX: Final = 50
"""Of one event; with so many one looks at the whole anyway."""

BILLS_KEPT: Final = 100_000
"""Bills looked back on for two that say otherwise under one version; of those further apart the workers say it."""

_STEP: Final = re.compile(r"\.(\w{1,40})|\[(\d{1,9})]")
_WHOLE_LINE: Final = frozenset({Fault.TOO_LARGE, Fault.NOT_JSON, Fault.KEY_MISMATCH, Fault.WRONG_PARTITION})


class Good(NamedTuple):
    """An event that may be sent."""

    line: int
    value: bytes
    conveyance: str


class _Held(NamedTuple):
    version: int
    fingerprint: bytes | None
    closed: bool
    line: int


class Checker:
    """Checks events in the order of a file; `now_ms` stands for the broker's clock."""

    def __init__(self, now_ms: int, bills_kept: int = BILLS_KEPT) -> None:
        self._read = Reader(None).read
        self._now_ms = now_ms
        self._kept = bills_kept
        self._bills: OrderedDict[tuple[str, str], _Held] = OrderedDict()
        # Fingerprints are compared with one another only, so any secret will do.
        self._keys = KeyMaker(JUDGE_SECRET)

    def examine(self, candidates: Iterable[Candidate]) -> Iterator[Good | list[Mistake]]:
        """Give each event that may be sent, or everything that is wrong with it."""
        for candidate in candidates:
            if not candidate.value:
                yield list(candidate.mistakes)
                continue
            found = self.read(candidate.value)
            if isinstance(found, FaultFound):
                yield [*candidate.mistakes, *self._mistakes(candidate, found)]
            elif candidate.mistakes:
                yield list(candidate.mistakes)
            else:
                conflict = self._conflict(found, candidate)
                yield [conflict] if conflict else Good(candidate.line, candidate.value, found.data.conveyance)

    def read(self, value: bytes) -> Shipment | FaultFound:
        """Read an event as the manifest step will."""
        return self._read(PlainRecord("", 0, 0, self._now_ms, None, value))

    def _mistakes(self, candidate: Candidate, found: FaultFound) -> Iterator[Mistake]:
        healed, seen = candidate.value, set()
        for _ in range(MISTAKES_MAX):
            path, _, expected = found.detail.partition(": ")
            if path in seen:
                return
            seen.add(path)
            place = candidate.find(path if path.startswith("$") else "")
            whole = found.fault in _WHOLE_LINE
            yield Mistake(
                place.line or candidate.line, "" if whole else place.field, found.fault, expected or found.detail
            )
            mended = None if whole else heal(healed, path)
            again = self.read(mended) if mended else None
            if mended is None or not isinstance(again, FaultFound):
                return
            healed, found = mended, again

    def _conflict(self, event: Shipment, candidate: Candidate) -> Mistake | None:
        """Find a bill that says otherwise under the version that it had before (`state.manifest.versions`)."""
        if not isinstance(event, BillManifested | BillAmended | BillDeleted | BillDisposed):
            return None
        data = event.data
        key = (data.conveyance, data.bill)
        held = self._bills.get(key)
        fingerprint = None
        if isinstance(event, BillManifested | BillAmended):
            fingerprint = read_content(event.data, self._keys).fingerprint
            if held and held.version == data.version and held.fingerprint not in {None, fingerprint}:
                if isinstance(event, BillAmended) and held.closed:
                    return None
                place = candidate.find("$.data.version")
                expected = f"expected the same as in line {held.line}, where this bill has this version"
                return Mistake(place.line, place.field, Fault.VERSION_CONFLICT, expected)
        if held is None or data.version > held.version or (data.version == held.version and fingerprint is None):
            same = held is not None and held.version == data.version
            kept = held.fingerprint if held and same else fingerprint
            self._bills[key] = _Held(data.version, kept, fingerprint is None, candidate.line)
            self._bills.move_to_end(key)
            if len(self._bills) > self._kept:
                self._bills.popitem(last=False)
        return None


def heal(value: bytes, path: str) -> bytes | None:
    """Put a sample's part where the path leads; None where there is no mending."""
    document = msgspec.json.decode(value)
    kind = document.get("type") if isinstance(document, dict) else None
    sample: Any = SAMPLES.get(kind) if isinstance(kind, str) else None
    steps = [match[1] or int(match[2]) for match in _STEP.finditer(path)]
    if sample is None or not steps:
        return None
    within: Any = document
    for step in steps[:-1]:
        sample = _part(sample, step)
        try:
            within = within[step]
        except (KeyError, IndexError, TypeError):
            return None
    part, last = _part(sample, steps[-1]), steps[-1]
    try:
        within[last] = part
    except (IndexError, TypeError):
        return None
    return msgspec.json.encode(document)


def _part(sample: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return sample[0] if isinstance(sample, list) else None
    return sample.get(step) if isinstance(sample, dict) else None
