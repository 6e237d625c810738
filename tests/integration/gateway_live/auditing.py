"""The auditor: reads the decisions topic afterwards, and compares with it what subscribers and scanners were told."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from math import inf
from typing import NamedTuple

import msgspec

from stream.answers import answer, current
from stream.decisions import Decision, DecisionData
from stream.outcomes import action
from stream.partition import partition_of
from tests.integration.gateway_live.decision_writer import Seen
from tests.integration.gateway_live.listening import Json, Scanner, Subscriber
from tests.kafka.harness import KafkaHarness

Id = tuple[str, str, int, int, int, int]
Answer = tuple[str | None, str]
"""Conveyance and action."""


class Row(NamedTuple):
    """A committed decision."""

    partition: int
    offset: int
    decision: Decision


def id_of(told: Json) -> Id:
    """Return what names a decision, as an auditor is shown it."""
    return (
        told["bill"], told["conveyance"], told["epoch"], told["bill_version"], told["posting"], told["revision"],
    )  # fmt: skip


def committed(harness: KafkaHarness) -> list[Row]:
    """Read the whole topic, partition by partition."""
    found = harness.read(harness.topics.decisions)
    return [
        Row(partition, offset, msgspec.json.decode(value or b"", type=Decision))
        for partition, rows in sorted(found.items())
        for offset, _key, value in rows
    ]


def compare(rows: Iterable[Row], subscriber: Subscriber, wanted: Callable[[Decision], bool] = lambda _: True) -> None:
    """Check that a subscriber was told every wanted decision after its start, once, in partition order."""
    starts = [int(part, 16) for part in subscriber.start.split(".")[1:]]
    expected: dict[int, list[Id]] = {}
    for partition, offset, decision in rows:
        data = decision.data
        if offset >= starts[partition] and wanted(decision):
            expected.setdefault(partition, []).append((data.bill, data.conveyance, *data.rank))
    heard: dict[int, list[Id]] = {}
    for told in subscriber.told:
        heard.setdefault(partition_of(told["bill"].encode(), len(starts)), []).append(id_of(told))
    for partition in expected.keys() | heard.keys():
        assert heard.get(partition) == expected.get(partition), f"partition {partition}"


class Life:
    """What became of one bill: its decisions in order, and the answer after each."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [(None, "HOLD")]
        """After none of its decisions, after the first, and so on."""
        self.readable_ms: list[float] = []
        """When each could be read."""
        self.begun_ms: list[float] = []
        """When the sending of each began."""
        self._known: dict[str, DecisionData] = {}

    def go_on(self, row: Row, readable_ms: float, begun_ms: float) -> None:
        """Take the next decision."""
        data = row.decision.data
        self._known = current([*self._known.values(), data])
        found = answer(self._known.values())
        assert found is not None
        self.answers.append((found.conveyance, action(found.outcome, found.basis)))
        self.readable_ms.append(readable_ms)
        self.begun_ms.append(begun_ms)


def lives_of(
    rows: Iterable[Row], seen: Seen | None = None, begun_ms: Mapping[int, int] | None = None
) -> dict[str, Life]:
    """Sort the topic by bills."""
    lives: dict[str, Life] = {}
    for row in rows:
        readable = inf if seen is None else seen.seen_ms.get((row.partition, row.offset), inf)
        begun = 0 if begun_ms is None else begun_ms[row.decision.data.revision - 1]
        lives.setdefault(row.decision.data.bill, Life()).go_on(row, readable, begun)
    return lives


def count_gos(lives: Mapping[str, Life], scanner: Scanner) -> int:
    """Check that each verdict was true between its as-of and its showing; give how many of them said GO.

    A stale one says HOLD. True: the answer after some of the bill's decisions, in which all are that could be read by
    `as_of`, and none whose sending had not begun when it was shown.
    """
    gos = 0
    for shown_ms, verdict in scanner.shown:
        gos += verdict["action"] == "GO"
        if verdict["stale"]:
            assert verdict["action"] == "HOLD"
        else:
            life = lives.get(verdict["bill"], Life())
            least = bisect_right(life.readable_ms, datetime.fromisoformat(verdict["as_of"]).timestamp() * 1_000)
            most = bisect_right(life.begun_ms, shown_ms)
            assert (verdict["conveyance"], verdict["action"]) in life.answers[least : most + 1], (verdict, shown_ms)
    return gos


def shows_all(scanner: Scanner, lives: Mapping[str, Life]) -> bool:
    """Tell whether each of a scanner's bills is shown as it stands at the end."""
    shown = {bill: scanner.last(bill) for bill in scanner.bills}
    return all(
        shown[bill] and (shown[bill]["conveyance"], shown[bill]["action"]) == lives.get(bill, Life()).answers[-1]
        for bill in scanner.bills
    )


def at_end(subscriber: Subscriber, rows: Iterable[Row]) -> bool:
    """Tell whether a subscriber's place is behind everything that is committed."""
    places = [int(part, 16) for part in subscriber.last.split(".")[1:]]
    return all(row.offset < places[row.partition] for row in rows)
