"""The checks before anything is sent: all mistakes of an event, where each is, and nothing of what stands there."""

import io
import json
from typing import Any

import pytest

from agents.files.candidates import read_lines
from agents.publish.event_checks import Bad, Checker, Good
from agents.publish.event_mending import SAMPLES, heal
from stream.faultfinding import FaultFound
from stream.reading import Reader
from stream.records import PlainRecord
from tests.docs.pages import CASES
from tests.unit.manifest.step_in_words import EVERY
from tests.unit.publish.files import (
    BILL,
    NOW_MS,
    bill,
    csv_of,
    event,
    examined,
    line,
    mistakes,
    mistakes_in_lines,
)

SHAPE = "wrong-shape"


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        ({"bill": "acme-1"}, ["bill"]),
        ({"conveyance": "air 1"}, ["conveyance"]),
        ({"version": "1.0"}, ["version"]),
        ({"version": "0"}, ["version"]),
        ({"sequence": "-1"}, ["sequence"]),
        ({"manifested_at": "8/19/2025"}, ["manifested_at"]),
        ({"manifested_at": "2025-08-19 21:04"}, ["manifested_at"]),
        ({"manifested_at": ""}, ["manifested_at"]),
        ({"manifested_at": "", "time": "2025-08-19T21:04:00Z"}, ["manifested_at"]),
        ({"time": "yesterday"}, ["time"]),
        ({"mode": "plane"}, ["mode"]),
        ({"filing": "T86"}, ["filing"]),
        ({"order": "x" * 65}, ["order"]),
        ({"estimated_arrivals": "tomorrow"}, ["estimated_arrivals"]),
        ({"arrived_at": "noon"}, ["arrived_at"]),
        ({"quantity": "many"}, ["quantity"]),
        ({"consignee_name": ""}, ["consignee_name"]),
        ({"consignee_address": ""}, ["consignee_address"]),
        ({"consignee_address": "|".join("1234567")}, ["consignee_address"]),
        ({"consignee_country": "USA"}, ["consignee_country"]),
        ({"consignee_country": ""}, ["consignee_country"]),
        ({"consignee_identifier_type": "EI", "consignee_identifier": "1"}, ["consignee_name"]),
        ({"shipper_name": ""}, ["shipper_name"]),
        ({"shipper_country": "Japan"}, ["shipper_country"]),
        ({"description": ""}, ["description"]),
        ({"hts": "9" * 71}, ["hts"]),
        ({"origin": "jp"}, ["origin"]),
        ({"line_quantity": "2 pcs"}, ["line_quantity"]),
        ({"value": "$500"}, ["value"]),
        ({"value": "1,000.00"}, ["value"]),
        ({"currency": "dollars"}, ["currency"]),
        ({"flags": "steel"}, ["flags"]),
        ({"value": "", "origin": "Japan", "mode": "", "bill": "x"}, ["bill", "mode", "origin", "value"]),
    ],
)
def test_every_wrong_cell_is_named(cells: dict[str, str], wrong: list[str]) -> None:
    """Each cell that the manifest step would refuse is named by its column, all of a row's at once."""
    found = mistakes(bill(**cells))
    assert sorted(column for _line, column, _code in found) == sorted(wrong)
    assert {number for number, _column, _code in found} == {2}


def test_mistakes_in_a_later_line_of_goods_are_in_its_row() -> None:
    """What is wrong in the second row of a bill is named with the second row's line."""
    goods = {"line": "2", "description": "kite", "hts": "9503.01", "origin": "F", "line_quantity": "1", "value": "-2"}
    assert sorted(mistakes(bill(value="x"), goods)) == [(2, "value", SHAPE), (3, "origin", SHAPE), (3, "value", SHAPE)]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"data": {"mode": "plane", "bill": 7}}, {("data.mode", SHAPE), ("data.bill", SHAPE)}),
        ({"data": {"lines": []}}, {("data.lines", SHAPE)}),
        ({"data": {"lines": [7]}}, {("data.lines[0]", SHAPE)}),
        ({"data": {"consignee": {"name": "Zoe"}}}, {("data.consignee", SHAPE)}),
        ({"data": {"shipper": None}}, {("data.shipper", SHAPE)}),
        ({"id": "", "specversion": "0.3"}, {("id", "wrong-envelope"), ("specversion", "wrong-envelope")}),
        ({"source": 7, "data": {"mode": ""}}, {("source", "wrong-envelope"), ("data.mode", SHAPE)}),
        ({"time": "2025-08-23T00:00:00Z"}, {("time", "time-ahead")}),
        ({"time": "2025-08-23T00:00:00Z", "data": {"filing": ""}}, {("time", "time-ahead"), ("data.filing", SHAPE)}),
        ({"type": "tallygate.bill.shipped.v1"}, {("type", "unknown-type")}),
        ({"type": 7}, {("type", "wrong-envelope")}),
    ],
)
def test_every_mistake_of_an_event_is_named(changes: dict[str, Any], where: set[tuple[str, str]]) -> None:
    """In JSON lines mistakes have the path and the code that a dead letter would have, all of an event at once."""
    wrong = event(**changes.get("data", {})) | {name: value for name, value in changes.items() if name != "data"}
    found = mistakes_in_lines(line(event()), line(wrong))
    assert {(path, code) for _line, path, code in found} == where
    assert {number for number, _path, _code in found} == {2}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"{", "not-json"),
        (b'{"specversion":"1.0"} x', "not-json"),
        (b"\xff", "not-json"),
        (b"[" * 401 + b"]" * 401, "not-json"),
        (b'{"a":"' + b"x" * 1_000_000 + b'"}', "too-large"),
        (b"7", "wrong-envelope"),
        (b"[]", "wrong-envelope"),
        (b"null", "wrong-envelope"),
    ],
)
def test_line_that_is_no_event_is_named(text: bytes, code: str) -> None:
    """What cannot be read at all is one mistake, on its line, and the lines around it are right."""
    assert mistakes_in_lines(line(event()), text, b"", line(event())) == [(2, "", code)]


def test_nothing_wrong_is_found_where_the_step_finds_nothing() -> None:
    """Over the conformance cases an event may be sent exactly if the manifest step can read it."""
    seen = {True: 0, False: 0}
    for path in sorted(CASES.glob("*/events.jsonl")):
        for value in filter(None, (each.strip() for each in path.read_bytes().splitlines())):
            read = Reader(None).read(PlainRecord("", 0, 0, NOW_MS, None, value))
            found = Checker(NOW_MS).read(value)
            assert isinstance(read, FaultFound) == isinstance(found, FaultFound)
            wrong = mistakes_in_lines(value)
            assert bool(wrong) == isinstance(read, FaultFound)
            # The first that is named is the one that the dead letter would have.
            assert not wrong or (isinstance(read, FaultFound) and wrong[0][2] == read.fault)
            seen[bool(wrong)] += 1
    assert min(seen.values()) > 10


def test_mistakes_quote_nothing() -> None:
    """No text of a person is in what is said about a row in which everything is wrong."""
    person = {
        "consignee_name": "Zoe Quill" * 9, "consignee_address": "9 Elm Row" * 9, "consignee_city": "Erie" * 20,
        "consignee_country": "Erewhon", "consignee_identifier_type": "SSN", "consignee_identifier": "078-05-1120",
        "bill": "Zoe Quill", "order": "Zoe" * 30, "mode": "Elm", "value": "Zoe", "event": "manifested",
    }  # fmt: skip
    found = [each for each in examined(csv_of(bill(**person))) if isinstance(each, Bad)]
    said = "\n".join(mistake.text("f") for wrong in found for mistake in wrong.mistakes)
    assert said.count("\n") >= 5
    assert not any(word in said for word in ("Zoe", "Quill", "Elm", "Erie", "Erewhon", "SSN", "078"))


def looked_back(*documents: Any, kept: int = 100) -> list[Good | Bad]:
    """Check events as JSON lines."""
    lines = b"\n".join(map(line, documents))
    return list(Checker(NOW_MS, events_kept=kept).examine(read_lines(io.BytesIO(lines))))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "repeats"),
        ({"sequence": 9}, "repeats"),
        ({"order": "S-1"}, "conflict"),
        ({"lines": [{**event()["data"]["lines"][0], "description": "other words"}]}, "conflict"),
        ({"lines": [{**event()["data"]["lines"][0], "quantity": 9}]}, "conflict"),
        ({"version": 2, "order": "S-1"}, "new"),
        ({"conveyance": "air:2", "order": "S-1"}, "new"),
        ({"manifested_at": "2025-08-19T22:00:00Z"}, "repeats"),
        ({"consignee": {"name": "Zoe Quinn", "address": {"lines": ["9 Elm Row"], "country": "US"}}}, "conflict"),
    ],
)
@pytest.mark.parametrize("kind", ["manifested", "amended"])
def test_second_statement_repeats_conflicts_or_is_new(changed: dict[str, Any], said: str, kind: str) -> None:
    """A line that says the same under one version repeats, one that says otherwise is a mistake, as for the step."""
    second = {**event(**{"version": 1, **changed}), "type": f"tallygate.bill.{kind}.v1"}
    _, found = looked_back(event(), second)
    if said == "conflict":
        assert isinstance(found, Bad)
        (wrong,) = found.mistakes
        assert (wrong.line, wrong.field, wrong.code) == (2, "data.version", "version-conflict")
        assert wrong.expected == "expected the same as in line 1, where this bill has this version"
        assert found.bills == {"ACME0001"}
    else:
        assert isinstance(found, Good)
        assert found.repeats == (said == "repeats")


def exit_of(version: int) -> dict[str, Any]:
    """Return a deletion of the bill."""
    data = {"bill": "ACME0001", "conveyance": "air:1", "version": version}
    return {**event(), "type": "tallygate.bill.deleted.v1", "data": data}


@pytest.mark.parametrize(
    ("documents", "repeats"),
    [
        ([exit_of(2), exit_of(2)], [False, True]),
        ([event(), exit_of(1), exit_of(1)], [False, False, True]),
        ([event(), exit_of(2), event()], [False, False, False]),
    ],
)
def test_exits_and_arrivals_repeat_too(documents: list[dict[str, Any]], repeats: list[bool]) -> None:
    """A second exit under one version, and a conveyance that is said to do the same at the same time, repeat."""
    landed = {"conveyance": "air:1", "arrived_at": "2025-08-20T10:00:00Z"}
    arrival = {**event(), "type": "tallygate.conveyance.arrived.v1", "data": landed}
    later = {**arrival, "time": "2025-08-19T21:05:00Z"}
    found = looked_back(*documents, arrival, arrival, later)
    assert [isinstance(each, Good) and each.repeats for each in found] == [*repeats, False, True, False]


@pytest.mark.parametrize("kind", ["manifested", "amended"])
def test_closed_bills_conflict_as_the_step_rules(kind: str) -> None:
    """At the version of its exit a closed bill that is amended is stale, one that is manifested otherwise conflicts."""
    again = {**event(version=1, order="S-2"), "type": f"tallygate.bill.{kind}.v1"}
    *_, found = looked_back(event(), exit_of(1), again)
    assert isinstance(found, Bad) == (kind == "manifested")


def test_looking_back_is_bounded() -> None:
    """Only so many bills are remembered, the oldest forgotten first, so that a file of any length fits."""
    many = [event(bill=f"ACME{number:04}") for number in range(12)]
    again = [event(bill="ACME0000", order="S-1"), event(bill="ACME0011", order="S-1")]
    found = looked_back(*many, *again, kept=10)
    assert [each.line for each in found if isinstance(each, Bad)] == [14]


@pytest.mark.parametrize(
    ("cells", "warned"),
    [
        ({"consignee_postal": "2134"}, [("consignee_postal", "postal-code")]),
        ({"consignee_postal": "02134"}, []),
        ({"consignee_postal": "02134-1000"}, []),
        ({"consignee_postal": ""}, []),
        ({"consignee_postal": "SW1A 1AA", "consignee_country": "GB"}, []),
        ({"mode": "truck", "consignee_state": "Texas"}, [("consignee_state", "no-state")]),
        ({"mode": "truck", "consignee_state": ""}, [("consignee_state", "no-state")]),
        ({"mode": "truck", "consignee_state": " tx "}, []),
        ({"mode": "air", "consignee_state": "Texas"}, []),
        ({"mode": "truck", "consignee_state": "Texas", "programme": "us-gift"}, []),
        ({"programme": "mars"}, [("programme", "unknown-programme")]),
    ],
)
def test_warnings_name_the_row_and_let_it_go(cells: dict[str, str], warned: list[tuple[str, str]]) -> None:
    """What looks wrong, or will be rejected for what it lacks, is told with its row, and is sent."""
    _, found = examined(csv_of(bill(bill="ACME0009"), bill(**cells)))
    assert isinstance(found, Good)
    assert [(each.line, each.field, each.code) for each in found.warnings] == [(3, *each) for each in warned]
    said = " ".join(each.text("f") for each in found.warnings)
    assert ("two-letter code" in said) == (("consignee_state", "no-state") in warned)
    assert not any(word in said for word in ("Texas", "2134", "mars"))


@pytest.mark.parametrize(
    ("cells", "warned"),
    [
        ({"programme": "by-purchase"}, [("purchased_on", "no-purchase-date")]),
        ({"programme": "by-purchase", "purchased_on": "2025-08-01"}, []),
        (
            {"programme": "flight", "shipper_name": "-", "seller": "", "currency": "GEL"},
            [("weight_grams", "no-weight")],
        ),
        ({"programme": "year", "weight_grams": "4000"}, []),
    ],
)
def test_what_a_programme_needs_is_warned_of(cells: dict[str, str], warned: list[tuple[str, str]]) -> None:
    """A date of purchase or a weight that the programme asks for is missed by its column."""
    (found,) = examined(csv_of(bill(**cells)), Checker(NOW_MS, rules=EVERY))
    assert isinstance(found, Good)
    assert [(each.field, each.code) for each in found.warnings] == warned


def test_bill_without_a_sellers_name_is_warned_of() -> None:
    """Where a programme sums per seller, a shipper without a name needs a seller with one, and that name counts."""
    nameless = {"programme": "by-purchase", "purchased_on": "2025-08-01", "shipper": {"name": " ", "country": "JP"}}
    lines = [line(event(**nameless)), line(event(**nameless, seller="Shop")), line(event(**nameless, seller="SHOP"))]
    checker = Checker(NOW_MS, rules=EVERY)
    first, second, _ = checker.examine(read_lines(io.BytesIO(b"\n".join(lines))))
    assert isinstance(first, Good)
    assert [(each.field, each.code) for each in first.warnings] == [("data.seller", "no-seller")]
    assert isinstance(second, Bad)
    assert [mistake.code for mistake in second.mistakes] == ["version-conflict"]


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("12.5000", "at most two decimals"),
        ("1,250.00", "digits without separators"),
        ("1.250,00", "digits without separators"),
        ("12,50", "a full stop before the decimals"),
        ("$12", "text such as 12.00"),
    ],
)
def test_amounts_are_told_what_is_wrong_with_them(amount: str, words: str) -> None:
    """What is often wrong with an amount has words of its own, in rows and in JSON lines, once."""
    goods = [{**event()["data"]["lines"][0], "value": {"amount": amount, "currency": "USD"}}]
    for found in (*examined(csv_of(bill(value=amount))), *looked_back(event(lines=goods))):
        assert isinstance(found, Bad)
        (wrong,) = found.mistakes
        assert words in wrong.expected
        assert amount not in wrong.text("f")


def test_good_events_come_with_their_conveyance() -> None:
    """What may be sent says its conveyance, which is the key, and the line it began on."""
    (good,) = examined(csv_of(BILL))
    assert isinstance(good, Good)
    assert (good.line, good.conveyance) == (2, "air:1")
    assert json.loads(good.value)["data"]["conveyance"] == "air:1"


def test_samples_are_right_and_whole() -> None:
    """Each sample is an event that may be sent, so that what it mends is mended."""
    reader = Reader(None)
    for sample in SAMPLES.values():
        found = reader.read(PlainRecord("", 0, 0, NOW_MS, None, json.dumps(sample).encode()))
        assert not isinstance(found, FaultFound), found


@pytest.mark.parametrize("path", ["$", "$.nowhere.deep", "$.data.lines[9]", "$.id.x", "record value"])
def test_what_cannot_be_mended_is_left(path: str) -> None:
    """A path that leads nowhere mends nothing, and looking for mistakes ends there."""
    assert heal(line(event()), path) is None
