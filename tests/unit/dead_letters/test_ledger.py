"""The ledger remembers which letters were sent again, in few and small rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.dead_letters.ledger import MARKS_A_ROW, Ledger
from agents.dead_letters.letter import Place
from agents.engine.control import ControlRow, controls_in

TOPIC = "t.shipments.v1.dlq"
PLACES = st.sets(st.builds(Place, st.integers(0, 3), st.integers(0, 4 * MARKS_A_ROW)), max_size=20)


def written(ledger: Ledger, rows: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """The rows of the control topic once the changes are written."""
    for _partition, key, row in ledger.changes():
        if row is None:
            del rows[key]
        else:
            rows[key] = row
    return rows


@given(first=PLACES, second=PLACES, asked=PLACES)
def test_marks_survive_the_topic(first: set[Place], second: set[Place], asked: set[Place]) -> None:
    """What was marked over two runs is in the ledger of a third, and nothing else is."""
    rows: dict[bytes, bytes] = {}
    for places in (first, second):
        ledger = Ledger(TOPIC, rows)
        ledger.mark(places)
        written(ledger, rows)
    ledger = Ledger(TOPIC, rows)
    assert {place for place in first | second | asked if ledger.sent(place)} == first | second


def test_rows_stay_small() -> None:
    """A full row has about two thousand bytes."""
    ledger = Ledger(TOPIC, {})
    ledger.mark(Place(0, offset) for offset in range(MARKS_A_ROW))
    rows = written(ledger, {})
    assert [len(row) for row in rows.values()] == [MARKS_A_ROW // 4 + len('{"retried":""}')]


def test_rows_of_what_is_gone_are_removed() -> None:
    """Rows that lie wholly before the kept offsets get tombstones, others stay."""
    ledger = Ledger(TOPIC, {})
    ledger.mark([Place(0, 5), Place(0, MARKS_A_ROW + 5), Place(1, 5)])
    rows = written(ledger, {})
    ledger = Ledger(TOPIC, rows)
    ledger.forget({0: MARKS_A_ROW, 1: MARKS_A_ROW - 1})
    assert sorted(written(ledger, rows)) == [f"{TOPIC}/0/retried/1".encode(), f"{TOPIC}/1/retried/0".encode()]


def test_other_rows_are_not_ours() -> None:
    """Halts, and marks under another prefix, are left alone; and the engine sees no halt in a mark."""
    ledger = Ledger("other.shipments.v1.dlq", {})
    ledger.mark([Place(0, 5)])
    rows = written(ledger, {b"t.manifest.e1/0/halt": b"{}", b"\xff": b""})
    assert Ledger(TOPIC, rows).sent(Place(0, 5)) is False
    assert controls_in(rows, "other.shipments.v1.dlq", [0])[0].halt is None


def broken(value: bytes) -> bytes:
    """Return a row with a value, at a place of the control topic."""
    row = ControlRow(value)
    row.place = "t.control, partition 0, offset 9"
    return row


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\xff",
        b"{}",
        b"[" * 10_000,
        b'{"retried":5}',
        *(b'{"retried":"%s"}' % each for each in (b"", b"-1", b"1_0", b" 1", b"x", b"f" * 2_049)),
    ],
)
def test_broken_row_is_named_and_left(value: bytes) -> None:
    """Nothing is known of its letters and it is never written over; the marks of the others hold; old ones go."""
    good = Ledger(TOPIC, {})
    good.mark([Place(0, 5), Place(1, 5)])
    rows = written(good, {})
    key = f"{TOPIC}/0/retried/0".encode()
    rows[key] = broken(value)
    ledger = Ledger(TOPIC, rows)
    assert [ledger.sent(Place(0, 5)), ledger.sent(Place(0, 8_192)), ledger.sent(Place(1, 5))] == [None, False, True]
    (said,) = ledger.complaints
    assert "t.shipments.v1.dlq/0/retried/0 of the control topic (t.control, partition 0, offset 9)" in said
    assert said.endswith("whether the letters 0:0 to 0:8191 were sent again is not known")
    ledger.mark([Place(0, 5), Place(0, 8_192)])
    assert [key for _, key, _ in ledger.changes()] == [f"{TOPIC}/0/retried/1".encode()]
    ledger.forget({0: MARKS_A_ROW})
    assert list(ledger.changes()) == [(0, key, None)]
    assert ledger.sent(Place(0, 5)) is False


@pytest.mark.parametrize(
    "tail", ["x/retried/0", "0/retried/x", "-1/retried/0", "0/retried/\u0663", "0/retried/" + "9" * 5_000]
)
def test_key_of_no_row_is_named_and_skipped(tail: str) -> None:
    """A key that names no row says nothing of any letter."""
    ledger = Ledger(TOPIC, {f"{TOPIC}/{tail}".encode(): broken(b'{"retried":"f"}')})
    assert ledger.sent(Place(0, 0)) is False
    (said,) = ledger.complaints
    assert said.endswith("cannot be read: a later release wrote it, or it is damaged; it is skipped")
