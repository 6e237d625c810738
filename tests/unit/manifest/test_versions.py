"""DESIGN section 2, "Versions", sentence by sentence: the answer to the last event of each history."""

import pytest

from stream.records import Sink
from tests.unit.manifest.step_in_words import Event, StepInWords, cases, event, line, whole_bill


@pytest.mark.parametrize(("history", "answer"), cases("versions.txt"))
def test_version(history: list[str], answer: str) -> None:
    """Each sentence holds."""
    in_words = StepInWords()
    for words in history[:-1]:
        in_words.answer(words)
    assert in_words.answer(history[-1]) == answer


COUNTS = {
    "mode": {"mode": "truck"},
    "filing": {"filing": "type86"},
    "order": {"order": "o-1"},
    "estimated_arrivals": {"estimated_arrivals": ["2025-08-20"]},
    "arrived_at": {"arrived_at": "2025-08-20T12:00:00Z"},
    "bill_type": {"bill_type": "H"},
    "quantity": {"quantity": 1},
    "planned_port": {"planned_port": "4701"},
    "line value": {"lines": [line("12.01")]},
    "line currency": {"lines": [line(currency="EUR")]},
    "line origin": {"lines": [line(origin="JP")]},
    "line flags": {"lines": [line(flags=("pga",))]},
    "line description": {"lines": [{**line(), "description": "doll"}]},
    "line description in capitals": {"lines": [{**line(), "description": "TOY"}]},
    "line hts": {"lines": [{**line(), "hts": "9503"}]},
    "line hts without full stops": {"lines": [{**line(), "hts": "9503000073"}]},
    "line quantity": {"lines": [{**line(), "quantity": 9}]},
    "a further line": {"lines": [line(), line("0.00")]},
    "the same line twice": {"lines": [line(), line()]},
    "quantity of none": {"quantity": 0},
    "consignee": {"consignee": {"identifier_type": "EI", "identifier": "12-3456789"}},
}
DOES_NOT_COUNT = {
    "sequence": {"sequence": 9},
    "manifested_at": {"manifested_at": "2025-08-17T15:00:00Z"},
    "shipper": {"shipper": {"name": "Other", "country": "JP"}},
    "an unknown field": {"colour": "red"},
    "how an amount is written": {"lines": [line("12")]},
    "no estimates": {"estimated_arrivals": []},
    "no order": {"order": None},
    "an empty order": {"order": ""},
    "an empty bill type": {"bill_type": ""},
    "an empty port": {"planned_port": ""},
    "an empty instant": {"arrived_at": ""},
    "an empty quantity": {"quantity": ""},
    "no flags": {"lines": [{**line(), "flags": None}]},
}


@pytest.mark.parametrize("changes", [pytest.param(change, id=name) for name, change in COUNTS.items()])
def test_field_counts(changes: Event) -> None:
    """At an equal version a bill that says this otherwise is a conflict."""
    in_words = StepInWords()
    in_words.send(event("bill.manifested", whole_bill()))
    in_words.send(event("bill.manifested", whole_bill(**changes)))
    assert in_words.result.code == "version-conflict"


@pytest.mark.parametrize("changes", [pytest.param(change, id=name) for name, change in DOES_NOT_COUNT.items()])
def test_field_does_not_count(changes: Event) -> None:
    """At an equal version a bill that says only this otherwise is a repeat."""
    in_words = StepInWords()
    in_words.send(event("bill.manifested", whole_bill()))
    in_words.send(event("bill.manifested", whole_bill(**changes)))
    assert in_words.result.code == "repeat"


def test_instants_and_flags_count_by_what_they_mean() -> None:
    """Another offset for the same instant, and flags in another order, say the same."""
    in_words = StepInWords()
    first = whole_bill(arrived_at="2025-08-20T12:00:00Z", lines=[line(flags=("pga", "quota"))])
    again = whole_bill(arrived_at="2025-08-20T08:00:00-04:00", lines=[line(flags=("quota", "pga", "pga"))])
    in_words.send(event("bill.manifested", first))
    in_words.send(event("bill.manifested", again))
    assert in_words.result.code == "repeat"


def test_missing_version_of_a_manifest_is_one() -> None:
    """A manifested bill without a version has version 1, and can be repeated with it."""
    in_words = StepInWords()
    data = whole_bill()
    del data["version"]
    assert in_words.send(event("bill.manifested", data))[0].bills[0].version == 1
    assert in_words.answer("bill 1") == "stale: repeat"


def test_conflict_is_one_dead_letter_without_a_trace() -> None:
    """A conflict leaves the table as it was, and its dead letter quotes nothing."""
    in_words = StepInWords()
    in_words.answer("bill 1")
    before = dict(in_words.table.rows())
    in_words.answer("bill 1 $13")
    assert dict(in_words.table.rows()) == before
    assert [output.sink for output in in_words.outputs] == [Sink.DEAD_LETTERS, Sink.NOTICES]
    detail = dict(in_words.outputs[0].headers)["x-detail"]
    assert detail.startswith(b"$.data.version: ")
    assert b"13" not in detail


def test_stale_event_leaves_no_trace() -> None:
    """What is stale is counted by its word, and writes and sends nothing."""
    in_words = StepInWords()
    for words in ("bill 2", "eta 20"):
        in_words.answer(words)
    before = dict(in_words.table.rows())
    for words in ("bill 1", "bill 2", "eta 21 at=0"):
        assert in_words.answer(words).startswith("stale")
        assert in_words.outputs == []
    assert dict(in_words.table.rows()) == before
