"""What scanners and people type becomes a bill number, or nothing."""

import json

import pytest

from stream.bills import fold_bill
from tests.prerequisites import ROOT

VECTORS = json.loads((ROOT / "docs" / "scan-vectors.json").read_text("utf-8"))["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: ascii(vector["sent"][:40]))
def test_a_scan_is_folded(vector: dict[str, str | None]) -> None:
    """Separators, AIM prefix and the frame of a scanner go, letters become capitals; nothing is guessed."""
    assert fold_bill(vector["sent"] or "") == vector["bill"], vector["why"]


def test_no_two_bills_become_one() -> None:
    """Whatever character stands between two bills, they are one bill only where people put separators."""
    glued = [code for code in range(0x110000) if fold_bill(f"ACME0001{chr(code)}ACME0002") == "ACME0001ACME0002"]
    assert "".join(map(chr, glued)) == " #*+-./:_"
