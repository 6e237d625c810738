"""What scanners and people type becomes a bill number, or nothing."""

import pytest

from stream.bills import fold_bill


@pytest.mark.parametrize(
    ("scanned", "bill"),
    [
        ("ACME0001", "ACME0001"),
        ("  acme-0001\r\n", "ACME0001"),
        ("057-1234 5675", "05712345675"),
        ("\x02ACME_00.01/7\x03", "ACME00017"),
        ("A" * 35, "A" * 35),
    ],
)
def test_a_scan_is_folded(scanned: str, bill: str) -> None:
    """Separators and the frame of a scanner go, letters become capitals."""
    assert fold_bill(scanned) == bill


@pytest.mark.parametrize(
    "scanned", ["", "abc", "---", "A" * 36, "ACMÉ0001", "acmß0001", "ACME<0001>", "١٢٣٤٥", "ACME\x000001"]
)
def test_what_is_no_bill_is_none(scanned: str) -> None:
    """Too short, too long, or with signs that no bill has: nothing is guessed."""
    assert fold_bill(scanned) is None
