"""Reading shipment records: each fault by its first cause, with a detail that quotes nothing; the schema agrees."""

import copy
import json
from functools import cache
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from stream.deadletters import Fault
from stream.events import BillManifested, ConveyanceArrived
from stream.faultfinding import NESTING_MAX, VALUE_BYTES_MAX, FaultFound
from stream.instants import from_micros, rfc3339
from stream.partition import partition_of
from stream.reading import AHEAD_MILLIS_MAX, Reader
from stream.records import PlainRecord
from tests.docs.schemas import schemas
from tests.unit.manifest.step_in_words import CONVEYANCE, Event, event, line, whole_bill

KEY = CONVEYANCE.encode()
CANARY = "Canary, 12 Canary Street"
BILL = event("bill.manifested", whole_bill(arrived_at="2025-08-20T12:00:00Z", estimated_arrivals=["2025-08-20"]))
AMENDED = event("bill.amended", whole_bill())
DISPOSED = event("bill.disposed", {"bill": "ACME0001", "conveyance": CONVEYANCE, "version": 2, "how": "exported"})
ARRIVED = event("conveyance.arrived", {"conveyance": CONVEYANCE, "arrived_at": "2025-08-20T12:00:00Z", "port": "4701"})
ESTIMATED = event("conveyance.estimated", {"conveyance": CONVEYANCE, "estimated_arrival": None})
IDENTIFIED = {"identifier_type": "EI", "identifier": "12-3456789"}
GONE = object()
OPTIONAL = (
    "version", "order", "programme", "seller", "purchased_on", "weight_grams",
    "estimated_arrivals", "arrived_at", "bill_type", "quantity", "planned_port",
)  # fmt: skip


def read(value: bytes | None, key: bytes | None = KEY, timestamp: int = -1, partition: int = 0) -> object:
    """Read one record on a topic of one partition."""
    return Reader(1).read(PlainRecord("shipments", partition, 1, timestamp, key, value))


def changed(sent: Event, path: str, value: object) -> Event:
    """A copy of an event with the value at a path such as `data.lines.0.origin` replaced, or gone."""
    whole = copy.deepcopy(sent)
    place: Any = whole
    *steps, last = path.split(".")
    for step in steps:
        place = place[int(step) if step.isdigit() else step]
    if value is GONE:
        del place[last]
    else:
        place[int(last) if last.isdigit() else last] = value
    return whole


def said(path: str, value: object, sent: Event = BILL) -> object:
    """Read an event with one value changed."""
    return read(msgspec.json.encode(changed(sent, path, value)))


WRONG = [
    ("specversion", "1.1", "wrong-envelope", "$.specversion: expected one of 1.0"),
    ("specversion", GONE, "wrong-envelope", "$.specversion"),
    ("id", "", "wrong-envelope", "$.id"),
    ("id", 1, "wrong-envelope", "$.id"),
    ("source", GONE, "wrong-envelope", "$.source"),
    ("type", 7, "wrong-envelope", "$.type"),
    ("type", "", "wrong-envelope", "$.type"),
    ("type", "tallygate.bill.manifested.v2", "unknown-type", "$.type"),
    ("time", "2025-08-20T12:00:00", "wrong-envelope", "$.time: expected an instant"),
    ("time", "0001-12-31T12:00:00Z", "wrong-envelope", "$.time"),
    ("time", "9999-01-01T00:00:00Z", "wrong-envelope", "$.time"),
    ("data", GONE, "wrong-shape", "$.data"),
    ("data", [], "wrong-shape", "$.data"),
    ("data.bill", "AB1", "wrong-shape", "$.data.bill: expected text such as ACME00000017"),
    ("data.bill", "A" * 36, "wrong-shape", "$.data.bill"),
    ("data.bill", "acme0001", "wrong-shape", "$.data.bill"),
    ("data.bill", "ACME 0001", "wrong-shape", "$.data.bill"),
    ("data.bill", "ACME0001\n", "wrong-shape", "$.data.bill"),
    ("data.bill", "ACMÉ0001", "wrong-shape", "$.data.bill"),
    ("data.bill", "ACME٠٠٠١", "wrong-shape", "$.data.bill"),
    ("data.version", 0, "wrong-shape", "$.data.version: expected an integer from 1 to 999999999"),
    ("data.version", 10**9, "wrong-shape", "$.data.version"),
    ("data.version", 1.0, "wrong-shape", "$.data.version"),
    ("data.version", True, "wrong-shape", "$.data.version"),
    ("data.version", "1", "wrong-shape", "$.data.version"),
    ("data.sequence", -1, "wrong-shape", "$.data.sequence"),
    ("data.sequence", 10**30, "wrong-shape", "$.data.sequence"),
    ("data.conveyance", "", "wrong-shape", "$.data.conveyance"),
    ("data.conveyance", f"{CONVEYANCE}\n", "wrong-shape", "$.data.conveyance"),
    ("data.conveyance", "a" * 101, "wrong-shape", "$.data.conveyance"),
    ("data.conveyance", "a/b", "wrong-shape", "$.data.conveyance"),
    ("data.manifested_at", "2025-08-20", "wrong-shape", "$.data.manifested_at"),
    ("data.manifested_at", "0001-01-01T00:00:00+14:00", "wrong-shape", "$.data.manifested_at"),
    ("data.arrived_at", "9999-12-31T23:59:59-12:00", "wrong-shape", "$.data.arrived_at"),
    ("data.arrived_at", 1755691200, "wrong-shape", "$.data.arrived_at"),
    ("data.estimated_arrivals", ["2025-08-20"] * 3, "wrong-shape", "$.data.estimated_arrivals: expected a list"),
    ("data.estimated_arrivals", ["2025-08-20", "9999-12-31"], "wrong-shape", "$.data.estimated_arrivals[1]"),
    ("data.estimated_arrivals", ["2025-02-29"], "wrong-shape", "$.data.estimated_arrivals[0]: expected a date"),
    ("data.mode", CANARY, "wrong-shape", "$.data.mode: expected one of air, mail, ocean, rail, truck"),
    ("data.filing", "t86", "wrong-shape", "$.data.filing"),
    ("data.lines", [], "wrong-shape", "$.data.lines: expected a list of 1 to 999"),
    ("data.lines", [line()] * 1000, "wrong-shape", "$.data.lines"),
    ("data.lines", [line(), line(origin="fr")], "wrong-shape", "$.data.lines[1].origin"),
    ("data.lines", [line(), line("12.345")], "wrong-shape", "$.data.lines[1].value.amount: expected text such as"),
    ("data.lines", [line("١٢")], "wrong-shape", "$.data.lines[0].value.amount"),
    ("data.lines", [line("-1")], "wrong-shape", "$.data.lines[0].value.amount"),
    ("data.lines", [line("12.")], "wrong-shape", "$.data.lines[0].value.amount"),
    ("data.lines", [line("1\n")], "wrong-shape", "$.data.lines[0].value.amount"),
    ("data.lines", [line(currency="eur")], "wrong-shape", "$.data.lines[0].value.currency"),
    ("data.lines.0.value", GONE, "wrong-shape", "$.data.lines[0].value: expected an object"),
    ("data.lines.0.value.amount", 12, "wrong-shape", "$.data.lines[0].value.amount"),
    ("data.lines.0.flags", [CANARY], "wrong-shape", "$.data.lines[0].flags[0]: expected one of adcvd"),
    ("data.lines.0.quantity", 2.5, "wrong-shape", "$.data.lines[0].quantity"),
    ("data.shipper.country", "FRA", "wrong-shape", "$.data.shipper.country"),
    ("data.shipper.name", CANARY * 4, "wrong-shape", "$.data.shipper.name: expected text of 0 to 70 characters"),
    ("data.consignee", {}, "wrong-shape", "$.data.consignee: expected either name and address, or identifier_type"),
    ("data.consignee", {"name": CANARY}, "wrong-shape", "$.data.consignee"),
    ("data.consignee", {"identifier": CANARY}, "wrong-shape", "$.data.consignee"),
    ("data.consignee", {**whole_bill()["consignee"], **IDENTIFIED}, "wrong-shape", "$.data.consignee"),
    ("data.consignee", {**IDENTIFIED, "identifier": " \u3000"}, "wrong-shape", "$.data.consignee.identifier"),
    ("data.consignee", {**IDENTIFIED, "identifier_type": CANARY}, "wrong-shape", "$.data.consignee.identifier_type"),
    ("data.consignee.name", "\x1c\t", "wrong-shape", "$.data.consignee.name"),
    ("data.consignee.name", "", "wrong-shape", "$.data.consignee: expected either name and address"),
    ("data.consignee.name", None, "wrong-shape", "$.data.consignee: expected either name and address"),
    ("data.consignee", {**IDENTIFIED, "identifier": ""}, "wrong-shape", "$.data.consignee: expected either"),
    ("data.consignee", {**IDENTIFIED, "identifier_type": ""}, "wrong-shape", "$.data.consignee: expected either"),
    ("data.consignee", "", "wrong-shape", "$.data.consignee"),
    ("data.consignee.address", "", "wrong-shape", "$.data.consignee: expected either name and address"),
    ("data.consignee.address.lines", None, "wrong-shape", "$.data.consignee.address.lines"),
    ("data.consignee.address.country", "", "wrong-shape", "$.data.consignee.address.country"),
    ("data.consignee.address.city", 7, "wrong-shape", "$.data.consignee.address.city"),
    ("data.lines.0.description", GONE, "wrong-shape", "$.data.lines[0].description"),
    ("data.lines.0.description", None, "wrong-shape", "$.data.lines[0].description"),
    ("data.lines.0.hts", GONE, "wrong-shape", "$.data.lines[0].hts"),
    ("data.lines.0.hts", "9" * 71, "wrong-shape", "$.data.lines[0].hts"),
    ("data.lines.0.quantity", "", "wrong-shape", "$.data.lines[0].quantity"),
    ("data.lines.0.flags", ["fda", ""], "wrong-shape", "$.data.lines[0].flags[1]"),
    ("data.estimated_arrivals", [""], "wrong-shape", "$.data.estimated_arrivals[0]"),
    ("data.estimated_arrivals", [None], "wrong-shape", "$.data.estimated_arrivals[0]"),
    ("data.manifested_at", "", "wrong-shape", "$.data.manifested_at"),
    ("data.version", " ", "wrong-shape", "$.data.version"),
    ("data.shipper", None, "wrong-shape", "$.data.shipper"),
    ("data.consignee.address.lines", [CANARY] * 7, "wrong-shape", "$.data.consignee.address.lines"),
    ("data.consignee.address.lines", [CANARY * 4], "wrong-shape", "$.data.consignee.address.lines[0]"),
    ("data.consignee.address.country", "us", "wrong-shape", "$.data.consignee.address.country"),
    ("data.order", "o" * 65, "wrong-shape", "$.data.order"),
    ("data.order", "\ud800", "not-json", "record value"),
    ("data.programme", "KR", "wrong-shape", "$.data.programme: expected text such as us-321 (Id of the exemption"),
    *(("data.programme", bad, "wrong-shape", "$") for bad in ("k", "k" * 40, "-k", "kr\n", "k_2", "ké", "k٢", " ", 7)),
    ("data.seller", CANARY * 4, "wrong-shape", "$.data.seller: expected text of 0 to 70 characters or null"),
    ("data.purchased_on", "2025-02-29", "wrong-shape", "$.data.purchased_on: expected a date such as 2025-08-20"),
    *(("data.purchased_on", bad, "wrong-shape", "$.data.purchased_on") for bad in ("0001-12-31", "9999-01-01")),
    ("data.weight_grams", -1, "wrong-shape", "$.data.weight_grams: expected an integer from 0 to 999999999"),
    *(("data.weight_grams", bad, "wrong-shape", "$.data.weight_grams") for bad in (10**9, 2.0)),
    ("data.sequence", float("1e400"), "wrong-shape", "$.data.sequence"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "fault", "detail"), WRONG)
def test_fault_of_a_changed_value(path: str, value: object, fault: str, detail: str) -> None:
    """One wrong value is found under its code, the detail names its place and never quotes it."""
    text = json.dumps(changed(BILL, path, value), allow_nan=True)
    found = read(text.encode())
    if value == float("inf"):
        found = read(text.replace("Infinity", "1e400").encode())
    assert isinstance(found, FaultFound)
    assert (found.fault.value, found.detail[: len(detail)]) == (fault, detail)
    assert "Canary" not in found.detail


FINE = [
    ("data.order", None, BILL),
    ("data.estimated_arrivals", None, BILL),
    ("data.estimated_arrivals", [], BILL),
    ("data.consignee", {**IDENTIFIED, "name": None, "address": None}, BILL),
    ("data.consignee.name", "Ж" * 70, BILL),
    ("data.consignee.address.lines", [], BILL),
    ("data.lines", [line("999999999.99", "JPY")] * 999, BILL),
    ("data.bill", "1234", BILL),
    ("data.version", 999_999_999, BILL),
    ("data.colour", {"red": [None, 1e300, "\u2028"]}, BILL),
    ("traceparent", "x", BILL),
    ("time", "2025-08-20t12:00:00.123456789+14:00", BILL),
    ("data.version", GONE, BILL),
    ("data.port", None, ARRIVED),
    ("data.arrived_at", None, ARRIVED),
    ("data.entry_number", "XYZ-1", DISPOSED),
    *((f"data.{name}", blank, BILL) for blank in ("", None) for name in OPTIONAL),
    *(
        (f"data.consignee.address.{name}", blank, BILL)
        for blank in ("", None, GONE)
        for name in ("city", "state", "postal")
    ),
    ("data.consignee", {**IDENTIFIED, "name": "", "address": ""}, BILL),
    ("data.consignee", {**whole_bill()["consignee"], "identifier_type": "", "identifier": ""}, BILL),
    ("data.consignee.address.lines", ["", ""], BILL),
    ("data.lines.0.flags", None, BILL),
    ("data.lines.0.flags", "", BILL),
    ("data.lines.0.flags", ["fda", "fda", "pga"], BILL),
    ("data.lines.0.description", "", BILL),
    ("data.lines.0.hts", "", BILL),
    ("data.shipper.name", "", BILL),
    ("data.port", "", ARRIVED),
    ("data.entry_number", "", DISPOSED),
    ("data.entry_number", None, DISPOSED),
    *(("data.programme", programme, BILL) for programme in ("us-321", "k" + "r" * 38, "2x", "a-")),
    ("data.seller", "  ", BILL),
    *((f"data.{name}", value, BILL) for name, value in (("weight_grams", 999_999_999), ("purchased_on", "2025-08-01"))),
]


@pytest.mark.parametrize(("path", "value", "sent"), FINE)
def test_allowed_values(path: str, value: object, sent: Event) -> None:
    """What the contract allows is read."""
    assert not isinstance(said(path, value, sent), FaultFound)


@pytest.mark.parametrize(
    ("path", "value", "sent"),
    [
        ("data.version", GONE, AMENDED),
        ("data.version", None, AMENDED),
        ("data.version", "", AMENDED),
        ("data.how", "", DISPOSED),
        ("data.arrived_at", "", ARRIVED),
        ("data.estimated_arrival", "", ESTIMATED),
        ("data.version", GONE, DISPOSED),
        ("data.how", "sold", DISPOSED),
        ("data.bill", "acme", DISPOSED),
        ("data.port", "47011", ARRIVED),
        ("data.port", "٤٧٠١", ARRIVED),
        ("data.arrived_at", GONE, ARRIVED),
        ("data.arrived_at", "0001-01-01T00:00:00Z", ARRIVED),
        ("data.estimated_arrival", GONE, ESTIMATED),
        ("data.estimated_arrival", "9999-12-31T23:00:00-10:00", ESTIMATED),
    ],
)
def test_wrong_shape_of_other_types(path: str, value: object, sent: Event) -> None:
    """Each type is held to its own shape."""
    found = said(path, value, sent)
    assert isinstance(found, FaultFound)
    assert (found.fault, found.detail.split(":")[0]) == (Fault.WRONG_SHAPE, f"$.{path}")


def encoded(sent: Event, unknown: bytes) -> bytes:
    """An event with raw JSON as the value of an unknown field."""
    return msgspec.json.encode(sent)[:-1] + b',"x":' + unknown + b"}"


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b" ",
        b"nonsense",
        b"\xef\xbb\xbf" + msgspec.json.encode(BILL),
        msgspec.json.encode(BILL)[:-1],
        msgspec.json.encode(BILL) + b"}",
        msgspec.json.encode(BILL).decode().encode("utf-16"),
        encoded(BILL, b"NaN"),
        encoded(BILL, b"-Infinity"),
        encoded(BILL, b"01"),
        encoded(BILL, b"'a'"),
        encoded(BILL, b'"\x01"'),
        encoded(BILL, b'"\xff"'),
        encoded(BILL, b'"\xc0\x80"'),
        encoded(BILL, b'"\xed\xa0\x80"'),
        encoded(BILL, b"[" * (NESTING_MAX) + b"]" * NESTING_MAX),
        encoded(BILL, b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
        b"[" * 900_000,
    ],
)  # fmt: skip
def test_not_json(value: bytes | None) -> None:
    """What is no JSON text in UTF-8, or nests deeper than any reader must bear, is not JSON."""
    found = read(value)
    assert isinstance(found, FaultFound)
    assert found.fault is Fault.NOT_JSON


def test_nesting_up_to_the_limit_is_read() -> None:
    """Unknown fields may nest; brackets inside texts do not count."""
    depth = NESTING_MAX - 1
    assert isinstance(read(encoded(BILL, b"[" * depth + b"]" * depth)), BillManifested)
    assert isinstance(read(encoded(BILL, b'"' + b"[{" * 10_000 + b'\\""')), BillManifested)
    assert isinstance(read(encoded(BILL, b"[" + b"[],{}," * 10_000 + b"0]")), BillManifested)


def test_size_limit() -> None:
    """A million bytes are read, one more is too large, whatever it holds."""
    value = msgspec.json.encode(BILL)
    assert isinstance(read(value + b" " * (VALUE_BYTES_MAX - len(value))), BillManifested)
    found = read(b"\xff" * (VALUE_BYTES_MAX + 1))
    assert isinstance(found, FaultFound)
    assert found.fault is Fault.TOO_LARGE


@pytest.mark.parametrize("key", [None, b"", b"air:af0066:2025-08-20", KEY + b" ", b"\xff"])
def test_key_mismatch(key: bytes | None) -> None:
    """The key must be the conveyance, byte for byte."""
    found = read(msgspec.json.encode(BILL), key)
    assert isinstance(found, FaultFound)
    assert found.fault is Fault.KEY_MISMATCH


def test_partition_is_checked_where_there_is_one() -> None:
    """On a topic a record must be where murmur2 of its key puts it; without a broker it is not asked."""
    value = msgspec.json.encode(BILL)
    reader, right = Reader(12), partition_of(KEY, 12)
    for partition in range(12):
        for _ in range(2):
            found = reader.read(PlainRecord("shipments", partition, 1, -1, KEY, value))
            assert isinstance(found, BillManifested if partition == right else FaultFound)
            assert not isinstance(found, FaultFound) or found.fault is Fault.WRONG_PARTITION
    assert isinstance(Reader(None).read(PlainRecord("file", 5, 1, -1, KEY, value)), BillManifested)


@pytest.mark.parametrize(("partitions", "key", "read"), [(None, None, True), (None, b"", False), (1, None, False)])
def test_key_may_be_missing_where_there_is_no_broker(partitions: int | None, key: bytes | None, read: bool) -> None:
    """A line of a file has no key and needs none; a wrong key is a mismatch anywhere, and so is none on a topic."""
    found = Reader(partitions).read(PlainRecord("shipments", 0, 1, -1, key, msgspec.json.encode(BILL)))
    assert isinstance(found, BillManifested) == read
    assert read or (isinstance(found, FaultFound) and found.fault is Fault.KEY_MISMATCH)


@pytest.mark.parametrize(("millis", "ahead"), [(0, False), (1, True), (-1, False)])
def test_time_ahead_of_the_broker(millis: int, ahead: bool) -> None:
    """Exactly 24 hours ahead of the broker's timestamp is read, a microsecond more is not."""
    timestamp = 1_755_637_451_123
    micros = (timestamp + AHEAD_MILLIS_MAX) * 1000 + millis
    time = rfc3339(from_micros(micros))
    found = read(msgspec.json.encode({**BILL, "time": time}), timestamp=timestamp)
    assert isinstance(found, FaultFound) == ahead
    assert not isinstance(found, FaultFound) or found.fault is Fault.TIME_AHEAD


def test_without_broker_no_time_is_ahead() -> None:
    """A record that no broker stamped may be of any time."""
    assert isinstance(said("time", "2199-01-01T00:00:00Z"), BillManifested)


def test_faults_are_found_in_their_order() -> None:
    """A record with all faults shows the first; repaired one by one, each shows the next."""
    record = PlainRecord("shipments", 3, 1, 0, b"other", b"")
    whole = event("bill.manifested", whole_bill())
    steps = [
        b"x" * (VALUE_BYTES_MAX + 1),
        b"{",
        msgspec.json.encode({**whole, "id": "", "type": "t", "data": 1}),
        msgspec.json.encode({**whole, "type": "t", "data": 1}),
        msgspec.json.encode({**whole, "data": {**whole["data"], "bill": "x"}}),
        msgspec.json.encode(whole),
    ]
    reader, other = Reader(2), 1 - partition_of(KEY, 2)
    records = [record._replace(value=value) for value in steps]
    records.append(records[-1]._replace(key=KEY, partition=other))
    records.append(records[-1]._replace(partition=1 - other))
    found = [reader.read(one) for one in records]
    assert [one.fault for one in found if isinstance(one, FaultFound)] == list(Fault)[:-1]


def test_known_key_hides_no_fault() -> None:
    """Once a key is known, another conveyance under it is still a mismatch, and a malformed one a wrong shape."""
    reader = Reader(1)
    for conveyance, fault in ((CONVEYANCE, None), ("air:other", Fault.KEY_MISMATCH), ("a b", Fault.WRONG_SHAPE)):
        value = msgspec.json.encode(changed(ARRIVED, "data.conveyance", conveyance))
        found = reader.read(PlainRecord("shipments", 0, 1, -1, KEY, value))
        assert (found.fault if isinstance(found, FaultFound) else None) == fault
        assert isinstance(found, FaultFound | ConveyanceArrived)


def test_duplicate_fields_count_by_the_last() -> None:
    """JSON that names a field twice is read by the last one, as most readers do."""
    value = msgspec.json.encode(BILL).replace(b'"version":1', b'"version":5,"version":7')
    found = read(value)
    assert isinstance(found, BillManifested)
    assert found.data.version == 7


@cache
def validators() -> dict[str, Draft202012Validator]:
    """The published schemas of shipment events by type."""
    kinds = ("bill.manifested.v1", "conveyance.arrived.v1", "bill.disposed.v1")
    return {f"tallygate.{kind}": Draft202012Validator(schemas()[kind]) for kind in kinds}


# `format` is an annotation, to JSON Schema 1.0 is an integer, and infinity and half a character are no JSON.
BEYOND_SCHEMA = ("2025-08-20T12:00:00", "2025-08-20", ["2025-02-29"], "2025-02-29", float("inf"), "\ud800")
HELD_AGAINST_SCHEMA = [
    (path, value, BILL) for path, value, _, _ in WRONG if value not in BEYOND_SCHEMA and not isinstance(value, float)
]


@pytest.mark.parametrize(("path", "value", "sent"), [*HELD_AGAINST_SCHEMA, *FINE])
def test_schema_and_reader_agree(path: str, value: object, sent: Event) -> None:
    """The published schema accepts exactly what is read; only dates and times are left to `format`."""
    whole = changed(sent, path, value)
    schema = validators()[sent["type"]]
    assert schema.is_valid(whole) != isinstance(read(json.dumps(whole).encode()), FaultFound)
