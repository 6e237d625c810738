"""Optional fields that hold null or empty text are as if they were missing, and hide no fault."""

import msgspec
import pytest

from stream.blanks import without_blanks
from stream.deadletters import Fault
from stream.events import BillManifested
from stream.faultfinding import FaultFound
from tests.unit.manifest.step_in_words import event, whole_bill
from tests.unit.test_reading import ARRIVED, BILL, OPTIONAL, changed, read


def test_blank_optional_fields_are_as_if_missing() -> None:
    """An event with every optional field blank is the event without them, and one blank hides no other fault."""
    plain = event("bill.manifested", whole_bill())
    del plain["data"]["version"]
    filled = changed(plain, "data.lines.0.flags", "")
    filled["data"] |= dict.fromkeys(OPTIONAL, "")
    found, expected = read(msgspec.json.encode(filled)), read(msgspec.json.encode(plain))
    assert isinstance(found, BillManifested)
    assert found.data.version == 1
    for name in ("order", "programme", "seller", "bill_type", "planned_port"):
        assert getattr(found.data, name) in {"", None}
        found = msgspec.structs.replace(found, data=msgspec.structs.replace(found.data, **{name: None}))
    assert msgspec.json.encode(found).replace(b',"flags":[]', b"") == msgspec.json.encode(expected).replace(
        b',"flags":[]', b""
    )
    wrong = read(msgspec.json.encode(changed(filled, "data.lines.0.quantity", 2.5)))
    assert isinstance(wrong, FaultFound)
    assert wrong.detail.startswith("$.data.lines[0].quantity: ")


@pytest.mark.parametrize("rest", [b"", b",", b',"order":"\xff"}}', b',"order":"\\ud800"}}', b',"x":NaN}}', b"}}}"])
def test_blanks_make_no_json_of_what_is_none(rest: bytes) -> None:
    """A blank before the place where the text stops being JSON does not save it."""
    value = msgspec.json.encode(changed(BILL, "data.arrived_at", ""))
    found = read(value.removesuffix(b"}}") + rest)
    assert isinstance(found, FaultFound)
    assert found.fault is Fault.NOT_JSON


def test_what_has_no_blank_is_left_alone() -> None:
    """An event without blanks, or what is no event, is no other text; neither are blanks in required fields."""
    others: list[object] = [
        {**BILL, "type": "tallygate.bill.painted.v1"},
        {**BILL, "type": 7},
        {**BILL, "data": ""},
        None,
    ]
    for sent in (BILL, [], *others):
        assert without_blanks(msgspec.json.encode(sent)) is None
    assert without_blanks(msgspec.json.encode(changed(ARRIVED, "data.arrived_at", None))) is None


def test_pruned_text_keeps_the_rest_as_it_was() -> None:
    """Numbers that no reader holds, unknown fields and fields named twice stay as they were written."""
    rest = b'"quantity":1e400,"colour":{"order":""},"order":"o-1","version":7'
    pruned = without_blanks(b'{"type":"tallygate.bill.amended.v1","data":{"order":"o-2","bill_type":"",%b}}' % rest)
    expected = b'"order":"o-1","quantity":1e400,"colour":{"order":""},"version":7'
    assert pruned == b'{"type":"tallygate.bill.amended.v1","data":{%b}}' % expected
