"""Bill numbers as people and scanners give them: folded to the one form that events and decisions use."""

import re
from typing import Final

BILL: Final = re.compile(r"[A-Z0-9]{4,35}", re.ASCII)
"""Carrier code and number, or air waybill, separators left out (DESIGN section 2)."""
_SEPARATORS: Final = re.compile(r"[\s./_:#*+-]+", re.ASCII)


def fold_bill(scanned: str) -> str | None:
    """Give the bill number in what was scanned or typed, None where there is none.

    Separators go and letters become capitals: "057-1234 5675" and "acme_0001" are "05712345675" and "ACME0001". Nothing
    else is mended, so that no bill is taken for another.
    """
    if not scanned.isascii():
        return None  # capitals of other alphabets may be letters that bills have
    # A keyboard-wedge scanner may send control characters before and after what it read.
    folded = _SEPARATORS.sub("", scanned.strip("\x00\x02\x03\x04\x1d\x1e\r\n\t ")).upper()
    return folded if BILL.fullmatch(folded) else None
