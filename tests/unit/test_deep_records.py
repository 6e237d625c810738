"""Readers of topics at a record that nests too deep, or is no text: it is passed over, and ends no process."""

from typing import Final

import pytest
from aiokafka import TopicPartition

from agents.bills.history import _Search
from agents.gateway.live.feed import read_decision
from agents.ops.doctor.clock_checks import producers
from agents.ops.doctor.finding import State
from agents.readmodel.items import UnreadableError, alert_items, decision_items
from stream.records import PlainRecord

DEEP: Final = b'{"unknown":' + b"[" * 200_000 + b"]" * 200_000 + b',"id":"a","time":"2025-08-20T12:00:00Z"}'
NO_TEXT: Final = b'{"id":"\xff","time":"2025-08-20T12:00:00Z","source":"\xff"}'


def record(value: bytes) -> PlainRecord:
    """Return a record of the bill that histories here are about."""
    return PlainRecord("t", 0, 7, 0, b"ACME0001", value)


@pytest.mark.parametrize("value", [DEEP, NO_TEXT])
def test_the_projection_passes_it_over(value: bytes) -> None:
    """It is no decision and no alert of ours; what says so quotes nothing."""
    for read in (decision_items, alert_items):
        with pytest.raises(UnreadableError, match=r"^[A-Za-z]+Error$"):
            read(value, 7)


@pytest.mark.parametrize("value", [DEEP, NO_TEXT])
def test_scanners_doctor_and_histories_pass_it_over(value: bytes) -> None:
    """The gateway's feed has no decision there, the doctor no event, the history no past."""
    assert read_decision(record(value)) is None
    assert State.WRONG not in {finding.state for finding in producers([record(value)])}
    search = _Search(None, TopicPartition("t", 0), "ACME0001", 10)
    search._take(record(value))
    assert not search._past
