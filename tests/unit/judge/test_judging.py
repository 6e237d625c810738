"""The loop of the judge: joins and sweeps change no decision, and memory holds what is open."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from agents.judge import Judge, JudgeOptions, offline_judge, open_judge
from stream.records import Fate, Outgoing, Sink
from tests.docs.pages import CASES

START = datetime(2025, 6, 2, 12, tzinfo=UTC)
"""A Monday in summer, hours from midnight in New York."""


def a_day(day: int, bills: int) -> Iterator[bytes]:
    """Bills of as many persons that arrive together on one day, on a conveyance of the day."""
    time, trip = START + timedelta(days=day), f"trip:{day}"
    for number in range(bills):
        line = {"description": "", "hts": "", "origin": "JP", "quantity": 1}
        yield event(
            "bill.manifested",
            time,
            {
                "bill": f"DAY{day:03d}N{number:06d}",
                "conveyance": trip,
                "sequence": number,
                "manifested_at": time.isoformat(),
                "mode": "air",
                "filing": "manifest",
                "consignee": {"identifier_type": "EI", "identifier": f"person {day} {number}"},
                "shipper": {"name": "", "country": "JP"},
                "lines": [line | {"value": {"amount": "10", "currency": "USD"}}],
            },
        )
    yield event("conveyance.arrived", time, {"conveyance": trip, "arrived_at": (time + timedelta(hours=2)).isoformat()})


def rows(judge: Judge) -> int:
    """Return how many rows both tables hold, as of the last join."""
    return judge._manifest_table.row_count + judge._withholding_table.row_count


def event(kind: str, time: datetime, data: dict[str, object]) -> bytes:
    """An event in its envelope."""
    envelope = {"specversion": "1.0", "id": "1", "source": "/t", "type": f"tallygate.{kind}.v1"}
    return json.dumps(envelope | {"time": time.isoformat(), "data": data}).encode()


def said(events: list[bytes]) -> list[Outgoing]:
    """All that the judge sends for some events."""
    sent: list[Outgoing] = []
    judge = open_judge(JudgeOptions(), sent.append)
    for number, value in enumerate(events):
        judge.push(value, number)
    return sent


@pytest.mark.parametrize("case", ["03-exits", "06-moves", "07-copies", "10-dated-rules", "21-manifest-order"])
def test_joins_change_nothing(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the tables take over changes after each record or at the end, the judge sends the same."""
    events = (CASES / case / "events.jsonl").read_bytes().splitlines()
    at_the_end = said(events)
    monkeypatch.setattr(offline_judge, "RECORDS_A_JOIN", 1)
    assert said(events) == at_the_end
    assert len(at_the_end) >= len(events)


def test_big_arrival_joins_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that touches many bills is joined without waiting for more records, and all its bills are decided."""
    monkeypatch.setattr(offline_judge, "OUTPUTS_A_JOIN", 100)
    sent: list[Outgoing] = []
    judge = open_judge(JudgeOptions(), sent.append)
    for number, value in enumerate(a_day(0, 150)):
        judge.push(value, number)
    assert rows(judge) > 300
    released = [json.loads(one.value or b"")["data"]["outcome"] for one in sent[-150:]]
    assert released == ["release"] * 150


def test_closed_days_leave_the_tables() -> None:
    """After 90 days the tables hold no more than after 60: a conveyance is forgotten in 45 days, a day in 15."""
    judge = open_judge(JudgeOptions(), lambda _: None)
    held = []
    for day in range(90):
        for number, value in enumerate(a_day(day, 20)):
            judge.push(value, number)
        judge.join()
        held.append(rows(judge))
    assert held[20] < held[40] < held[50]
    assert max(held[60:]) <= max(held[50:60])


def test_cause_is_the_place_in_the_file() -> None:
    """A decision names the shipments topic, partition 0 and the event's offset."""
    sent: list[Outgoing] = []
    judge = open_judge(JudgeOptions(), sent.append)
    assert judge.push(next(a_day(0, 1)), 41) == (Fate.APPLIED, "")
    decision = next(one for one in sent if one.sink is Sink.DECISIONS)
    cause = json.loads(decision.value or b"")["data"]["cause"]
    assert cause == {"topic": "tallygate.shipments.v1", "partition": 0, "offset": 41}
