"""What a file states twice: an event that repeats an earlier one, and a bill with two contents under one version."""

from collections import OrderedDict
from typing import Final, NamedTuple, TypeVar

from state.manifest.content import read_content
from state.rules import Rulebook
from stream.consignee import JUDGE_SECRET, KeyMaker
from stream.events import (
    BillAmended,
    BillDeleted,
    BillDisposed,
    BillManifested,
    ConveyanceArrived,
    ConveyanceEstimated,
    Shipment,
)

K = TypeVar("K")
V = TypeVar("V")

EVENTS_KEPT: Final = 100_000
"""Bills and conveyances that are remembered; the workers find repeats that are further apart."""


class RepeatFinding(NamedTuple):
    """What an event is compared with those before it."""

    repeats: bool = False
    """It repeats an earlier one, and will have no effect."""
    conflict: int | None = None
    """The line with another content under the same version."""


NEW: Final = RepeatFinding()
REPEATS: Final = RepeatFinding(repeats=True)


class _HeldEvent(NamedTuple):
    version: int
    fingerprint: bytes | None
    closed: bool
    line: int


class Repeats:
    """Remembers what each bill and each conveyance was last said to be (`state.manifest.versions`)."""

    def __init__(self, rules: Rulebook, kept: int = EVENTS_KEPT) -> None:
        self._rules = rules
        self._kept = kept
        self._bills: OrderedDict[tuple[str, str], _HeldEvent] = OrderedDict()
        self._conveyances: OrderedDict[tuple[str, type], tuple[object, object]] = OrderedDict()
        # Fingerprints are compared with one another only, so any secret will do.
        self._keys = KeyMaker(JUDGE_SECRET)

    def look(self, event: Shipment, line: int) -> RepeatFinding:
        """Compare an event with those before it, and remember it."""
        if isinstance(event, BillManifested | BillAmended):
            return self._whole(event, line)
        if isinstance(event, BillDeleted | BillDisposed):
            return self._exit(event, line)
        said = event.data.arrived_at if isinstance(event, ConveyanceArrived) else event.data.estimated_arrival
        return self._conveyance(event, said)

    def _whole(self, event: BillManifested | BillAmended, line: int) -> RepeatFinding:
        data = event.data
        held = self._bills.get((data.conveyance, data.bill))
        fingerprint = read_content(data, self._keys, self._rules).fingerprint
        if held is None or data.version > held.version:
            self._hold((data.conveyance, data.bill), _HeldEvent(data.version, fingerprint, False, line))
            return NEW
        if data.version < held.version or held.fingerprint is None:
            return NEW
        if held.fingerprint == fingerprint:
            return REPEATS
        return NEW if held.closed and isinstance(event, BillAmended) else RepeatFinding(conflict=held.line)

    def _exit(self, event: BillDeleted | BillDisposed, line: int) -> RepeatFinding:
        data = event.data
        held = self._bills.get((data.conveyance, data.bill))
        if held is None or data.version > held.version:
            self._hold((data.conveyance, data.bill), _HeldEvent(data.version, None, True, line))
        elif data.version == held.version:
            if held.closed:
                return REPEATS
            self._hold((data.conveyance, data.bill), held._replace(closed=True))
        return NEW

    def _conveyance(self, event: ConveyanceArrived | ConveyanceEstimated, said: object) -> RepeatFinding:
        key, stated = (event.data.conveyance, type(event)), (event.time, said)
        if self._conveyances.get(key) == stated:
            return REPEATS
        _keep(self._conveyances, key, stated, self._kept)
        return NEW

    def _hold(self, key: tuple[str, str], held: _HeldEvent) -> None:
        _keep(self._bills, key, held, self._kept)


def _keep(held: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    held[key] = value
    held.move_to_end(key)
    if len(held) > most:
        held.popitem(last=False)
