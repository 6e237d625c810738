"""Bill numbers as people type and scanners read them, folded to the one form that events and decisions use."""

import re
from typing import Final

BILL: Final = re.compile(r"[A-Z0-9]{4,35}", re.ASCII)
"""Carrier code and number, or air waybill, separators left out (DESIGN section 2)."""
SCAN_CHARACTERS: Final = 200
"""A longer scan is never a bill number."""
AROUND: Final = "\x00\x01\x02\x03\x04\x1c\x1d\x1e\x1f\t\n\r "
"""Characters that scanners add before and after a code. Only the space may also be between two characters."""
BYTE_ORDER_MARK: Final = "\ufeff"
_SEPARATORS: Final = re.compile(r"[ ./_:#*+-]+")
_AIM_PREFIX: Final = re.compile(r"\][A-Za-z][0-9]")


def fold_bill(scanned: str) -> str | None:
    """Return the bill number in what was scanned or typed, None where there is none.

    Separators are removed, and so is the AIM prefix, by which a scanner names the kind of code. Letters become
    capitals: "057-1234 5675" and "]C1acme_0001" are "05712345675" and "ACME0001". Nothing else is corrected, so that
    one bill is never read as another: a scan with a control character inside may be two bills.
    `docs/scan-vectors.json` has examples.
    """
    text = scanned.removeprefix(BYTE_ORDER_MARK)
    if len(text) > SCAN_CHARACTERS or not text.isascii():
        return None  # capitals of other alphabets may be letters that bills have
    text = text.strip(AROUND)
    if prefix := _AIM_PREFIX.match(text):
        text = text[prefix.end() :].strip(AROUND)
    folded = _SEPARATORS.sub("", text).upper()
    return folded if BILL.fullmatch(folded) else None
