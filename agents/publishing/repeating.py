"""What a file says twice: an event that repeats one before it, and a bill that says otherwise under one version."""

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
"""Bills and conveyances looked back on; of those further apart the workers say it."""


class Finding(NamedTuple):
    """How an event stands to those before it."""

    repeats: bool = False
    """It says the same, and will have no effect."""
    conflict: int | None = None
    """The line that says otherwise under the same version."""


NEW: Final = Finding()
REPEATS: Final = Finding(repeats=True)


class _Held(NamedTuple):
    version: int
    fingerprint: bytes | None
    closed: bool
    line: int


class Repeats:
    """Remembers what each bill and each conveyance was last said to be (`state.manifest.versions`)."""

    def __init__(self, rules: Rulebook, kept: int = EVENTS_KEPT) -> None:
        self._rules = rules
        self._kept = kept
        self._bills: OrderedDict[tuple[str, str], _Held] = OrderedDict()
        self._conveyances: OrderedDict[tuple[str, type], tuple[object, object]] = OrderedDict()
        # Fingerprints are compared with one another only, so any secret will do.
        self._keys = KeyMaker(JUDGE_SECRET)

    def look(self, event: Shipment, line: int) -> Finding:
        """Compare an event with those before it, and remember it."""
        if isinstance(event, BillManifested | BillAmended):
            return self._whole(event, line)
        if isinstance(event, BillDeleted | BillDisposed):
            return self._exit(event, line)
        said = event.data.arrived_at if isinstance(event, ConveyanceArrived) else event.data.estimated_arrival
        return self._conveyance(event, said)

    def _whole(self, event: BillManifested | BillAmended, line: int) -> Finding:
        data = event.data
        held = self._bills.get((data.conveyance, data.bill))
        fingerprint = read_content(data, self._keys, self._rules).fingerprint
        if held is None or data.version > held.version:
            self._hold((data.conveyance, data.bill), _Held(data.version, fingerprint, False, line))
            return NEW
        if data.version < held.version or held.fingerprint is None:
            return NEW
        if held.fingerprint == fingerprint:
            return REPEATS
        return NEW if held.closed and isinstance(event, BillAmended) else Finding(conflict=held.line)

    def _exit(self, event: BillDeleted | BillDisposed, line: int) -> Finding:
        data = event.data
        held = self._bills.get((data.conveyance, data.bill))
        if held is None or data.version > held.version:
            self._hold((data.conveyance, data.bill), _Held(data.version, None, True, line))
        elif data.version == held.version:
            if held.closed:
                return REPEATS
            self._hold((data.conveyance, data.bill), held._replace(closed=True))
        return NEW

    def _conveyance(self, event: ConveyanceArrived | ConveyanceEstimated, said: object) -> Finding:
        key, stated = (event.data.conveyance, type(event)), (event.time, said)
        if self._conveyances.get(key) == stated:
            return REPEATS
        _keep(self._conveyances, key, stated, self._kept)
        return NEW

    def _hold(self, key: tuple[str, str], held: _Held) -> None:
        _keep(self._bills, key, held, self._kept)


def _keep(held: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    held[key] = value
    held.move_to_end(key)
    if len(held) > most:
        held.popitem(last=False)
