"""Counts of a run: events by fate, dead letters by code, decisions by outcome and reason, alerts by kind."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

import msgspec

from stream.deadletters import Fault
from stream.outcomes import VERDICTS
from stream.records import Fate


class _CountedKind(msgspec.Struct):
    alert: str


class _CountedAlert(msgspec.Struct):
    data: _CountedKind


_decode_alert: Final = msgspec.json.Decoder(_CountedAlert).decode

_OUTCOME: Final = b'"outcome":"'
_REASON: Final = '","reason":"'
_AFTER_REASON: Final = b'","basis"'

_REASONS: Final = tuple(reason for verdict in VERDICTS for reason in verdict.reasons)
"""In order of precedence."""


class Summary:
    """Counts, and the lines that say them; `events` = applied + stale + dead-lettered."""

    def __init__(self) -> None:
        self.fates: Counter[Fate] = Counter()
        self.faults: Counter[str] = Counter()
        self._verdicts: Counter[bytes] = Counter()
        self.alerts: Counter[str] = Counter()

    def add_event(self, fate: Fate, code: str) -> None:
        """Count an event and, of a dead letter, its error code."""
        self.fates[fate] += 1
        if fate is Fate.DEAD_LETTERED:
            self.faults[code] += 1

    def add_decision(self, value: bytes) -> None:
        """Count a decision that was sent."""
        # The first `"outcome":"` is the field: within a text quotation marks are escaped.
        start = value.index(_OUTCOME) + len(_OUTCOME)
        self._verdicts[value[start : value.index(_AFTER_REASON, start)]] += 1

    def add_alert(self, value: bytes) -> None:
        """Count an alert that was sent."""
        self.alerts[_decode_alert(value).data.alert] += 1

    @property
    def verdicts(self) -> Counter[tuple[str, str]]:
        """Decisions by outcome and reason."""
        return Counter({_verdict(words): count for words, count in self._verdicts.items()})

    @property
    def events(self) -> int:
        """Events read."""
        return self.fates.total()

    @property
    def nothing_read(self) -> bool:
        """Whether there were events, and none of them could be read."""
        return 0 < self.events == self.fates[Fate.DEAD_LETTERED]

    def lines(self) -> Iterator[str]:
        """Return the lines; the first is for programs too, and its form is part of the command's contract."""
        by_fate = ", ".join(f"{fate} {self.fates[fate]}" for fate in Fate)
        yield f"events {self.events}: {by_fate}"
        verdicts = self.verdicts
        yield f"decisions {verdicts.total()}"
        for outcome, reason in sorted(verdicts, key=_by_reason):
            yield f"  {verdicts[outcome, reason]:>10}  {outcome} {reason}"
        if self.alerts:
            yield f"alerts {self.alerts.total()}"
            yield from (f"  {count:>10}  {kind}" for kind, count in sorted(self.alerts.items()))
        if self.faults:
            yield f"dead letters {self.faults.total()}"
            codes = dict.fromkeys([*Fault, *sorted(self.faults)])
            yield from (f"  {self.faults[code]:>10}  {code}" for code in codes if self.faults[code])


def _verdict(words: bytes) -> tuple[str, str]:
    outcome, reason = words.decode().split(_REASON)
    return outcome, reason


def _by_reason(verdict: tuple[str, str]) -> tuple[int, str]:
    outcome, reason = verdict
    return _REASONS.index(reason), outcome
