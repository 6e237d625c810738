"""The envelope of alerts, and dead letters: ids that say what they are of, bytes that stay as they came."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from stream.alerts import Alert, AlertData, AlertKind, alert_event
from stream.deadletters import EXEMPT_FAULTS, Fault, dead_letter
from stream.decisions import Cause
from stream.records import PlainRecord, Sink

TIME = datetime(2025, 8, 20, 15, 30, tzinfo=UTC)
KEY = "na2:abcdefghijklmnopqrstuvwxyz"


def alert(kind: AlertKind, *, offset: int = 7, bill: str | None = None, order: str | None = None) -> Alert:
    """Return an alert of a kind, raised by the event at `offset`."""
    cause = Cause("tallygate.shipments.v1", 3, offset)
    conveyance = None if bill is None else "air:1"
    day = None if kind == "structuring" else date(2025, 8, 20)
    return alert_event(AlertData(kind, KEY, day, bill, conveyance, order, None, None, 1, cause), TIME)


def test_an_alert_is_a_cloudevent_of_ours() -> None:
    """The envelope has the five attributes; its time is that of the event that led to it."""
    decoded = msgspec.json.decode(msgspec.json.encode(alert("near-limit")))
    assert {name: decoded[name] for name in ("specversion", "source", "type", "time")} == {
        "specversion": "1.0",
        "source": "/tallygate",
        "type": "tallygate.alert.v1",
        "time": "2025-08-20T15:30:00Z",
    }


def test_the_same_alert_has_the_same_id() -> None:
    """A reader that sees an alert twice can tell; another event, bill or order gives another id."""
    once = alert("duplicate-bill", bill="ACME0001")
    assert alert("duplicate-bill", bill="ACME0001").id == once.id
    others = [
        alert("duplicate-bill", bill="ACME0001", offset=8),
        alert("duplicate-bill", bill="ACME0002"),
        alert("release-superseded", bill="ACME0001"),
        alert("structuring", order="ACME0001"),
        alert("near-limit"),
    ]
    assert len({once.id, *(other.id for other in others)}) == 1 + len(others)


def record(headers: tuple[tuple[str, bytes], ...] = ()) -> PlainRecord:
    """Return a shipment record that cannot be read."""
    return PlainRecord("tallygate.shipments.v1", 5, 1234, 1_755_000_000_000, b"air:1", b"\xff not json", headers)


def test_a_dead_letter_keeps_the_record_as_it_came() -> None:
    """Bytes, key and partition are those of the record, and its own headers come first."""
    letter = dead_letter(record((("trace", b"\x00\x01"),)), Fault.NOT_JSON, "not UTF-8 at byte 0")
    assert (letter.sink, letter.partition, letter.key, letter.value) == (
        Sink.DEAD_LETTERS,
        5,
        b"air:1",
        b"\xff not json",
    )
    assert letter.headers[0] == ("trace", b"\x00\x01")


def test_a_dead_letter_says_why_and_from_where() -> None:
    """Five headers give code, detail and the place in the input."""
    headers = dead_letter(record(), Fault.WRONG_SHAPE, "$.data: object expected").headers
    assert headers == (
        ("x-error", b"wrong-shape"),
        ("x-detail", b"$.data: object expected"),
        ("x-topic", b"tallygate.shipments.v1"),
        ("x-partition", b"5"),
        ("x-offset", b"1234"),
    )


@pytest.mark.parametrize("fault", Fault)
def test_unknown_types_and_conflicts_never_halt(fault: Fault) -> None:
    """A newer producer and a quarrel over a version are no sign of a broken one; all other faults count."""
    assert (fault in EXEMPT_FAULTS) is (fault.value in {"unknown-type", "version-conflict"})
