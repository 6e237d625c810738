"""The auditor: reads the decisions topic afterwards, and compares with it what subscribers and scanners were told."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from stream.answers import answer
from stream.decisions import Decision
from stream.outcomes import action
from stream.partition import partition_of
from tests.integration.gateway_live.listening import Json, Scanner, Subscriber
from tests.kafka.field import Field

Id = tuple[str, str, int, int, int, int]


class Row(NamedTuple):
    """A committed decision."""

    partition: int
    offset: int
    decision: Decision


def id_of(told: Json) -> Id:
    """Give what names a decision, as an auditor is shown it."""
    return (
        told["bill"], told["conveyance"], told["epoch"], told["bill_version"], told["posting"], told["revision"],
    )  # fmt: skip


def committed(field: Field) -> list[Row]:
    """Read the whole topic, partition by partition."""
    found = field.read(field.topics.decisions)
    return [
        Row(partition, offset, msgspec.json.decode(value or b"", type=Decision))
        for partition, rows in sorted(found.items())
        for offset, _key, value in rows
    ]


def compare(rows: Iterable[Row], subscriber: Subscriber, wanted: Callable[[Decision], bool] = lambda _: True) -> None:
    """Check that a subscriber was told every decision after his start that he wanted, once, in partition order."""
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


def count_gos(rows: Iterable[Row], seen_ms: Mapping[tuple[int, int], int], scanner: Scanner) -> int:
    """Check that each verdict was true between its as-of and its showing; give how many of them said GO.

    A stale one says HOLD. True: the answer after some of the bill's decisions, in which all are that anybody could have
    read by `as_of`, and none that nobody could have read before it was shown.
    """
    lives: dict[str, list[Row]] = {}
    for row in rows:
        lives.setdefault(row.decision.data.bill, []).append(row)
    gos = 0
    for shown_ms, verdict in scanner.shown:
        gos += verdict["action"] == "GO"
        if verdict["stale"]:
            assert verdict["action"] == "HOLD"
        else:
            life = lives.get(verdict["bill"], [])
            as_of_ms = datetime.fromisoformat(verdict["as_of"]).timestamp() * 1_000
            known = [seen_ms.get((row.partition, row.offset), 0) for row in life]
            least = sum(1 for moment in known if moment <= as_of_ms)
            answers = [_answer(life[:count]) for count in range(least, len(life) + 1)]
            assert (verdict["conveyance"], verdict["action"]) in answers, (verdict, shown_ms, least)
    return gos


def shows_all(scanner: Scanner, rows: Iterable[Row]) -> bool:
    """Tell whether each of a scanner's bills is shown as it stands at the end."""
    lives: dict[str, list[Row]] = {bill: [] for bill in scanner.bills}
    for row in rows:
        if row.decision.data.bill in lives:
            lives[row.decision.data.bill].append(row)
    shown = {bill: scanner.last(bill) for bill in lives}
    return all(
        shown[bill] and (shown[bill]["conveyance"], shown[bill]["action"]) == _answer(life)
        for bill, life in lives.items()
    )


def _answer(life: Iterable[Row]) -> tuple[str | None, str]:
    data = answer(row.decision.data for row in life)
    return (None, "HOLD") if data is None else (data.conveyance, action(data.outcome, data.basis))
