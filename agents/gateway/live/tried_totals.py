"""Notices whoever tries out a person's total: expected bills are filed, decided, and taken off or amended in a row.

An expected bill's `clear` or `warn` says whether its value would still fit. So a few of them, each gone before anything
arrives, find the total of a consignee to the cent. What is seen here and what is not stands in docs/SECURITY.md.
"""

import logging
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Final

from agents.gateway.http.gateway_metrics import probing_noticed
from agents.gateway.live.window import WindowEntry
from stream.decisions import DecisionData

audit_log = logging.getLogger("agents.gateway.audit")

TRIES: Final = 3
"""So many for one consignee within the time are more than changes of mind."""
WITHIN_MS: Final = 3_600_000
BILLS_KEPT: Final = 50_000
CONSIGNEES_KEPT: Final = 5_000

Place = tuple[str, str]


class Probing:
    """Hears all decisions; remembers expected bills and recent tries, so many at most."""

    def __init__(self) -> None:
        self._expected: OrderedDict[Place, tuple[str, int | None]] = OrderedDict()
        """Of a bill that has been decided while it was expected: consignee and value."""
        self._tries: OrderedDict[str, deque[int]] = OrderedDict()

    def hear(self, came: Sequence[WindowEntry]) -> None:
        """Take in what has come."""
        for entry in came:
            data = entry.decision.data
            consignee = self._tried(data)
            # At its start a gateway reads a little of the past again.
            if consignee is not None and entry.arrived_ms - entry.record_ms <= WITHIN_MS:
                self._count(consignee, entry.record_ms)

    def _tried(self, data: DecisionData) -> str | None:
        """Return whose total a bill was a try at, if with this decision it was one."""
        place = (data.bill, data.conveyance)
        before = self._expected.pop(place, None)
        if data.outcome in {"clear", "warn"} and data.basis == "estimated":
            self._expected[place] = data.consignee, data.value_cents
            if len(self._expected) > BILLS_KEPT:
                self._expected.popitem(last=False)
            amended = before is not None and before[1] != data.value_cents
            return data.consignee if amended else None
        return before[0] if before is not None and data.reason == "deleted" else None

    def _count(self, consignee: str, moment_ms: int) -> None:
        tries = self._tries.pop(consignee, None) or deque(maxlen=TRIES)
        tries.append(moment_ms)
        self._tries[consignee] = tries
        if len(self._tries) > CONSIGNEES_KEPT:
            self._tries.popitem(last=False)
        if len(tries) == TRIES and moment_ms - tries[0] <= WITHIN_MS:
            tries.clear()
            probing_noticed()
            audit_log.warning(
                "a total is tried out: expected bills of one consignee, decided and taken back %d times: consignee=%s",
                TRIES, consignee,
            )  # fmt: skip
