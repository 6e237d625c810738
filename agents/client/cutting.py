"""What comes in on standard input, cut into scans; none is joined from two, and none is the part of a longer one."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from stream.bills import AROUND, SCAN_CHARACTERS, fold_bill

FAST_SECONDS: Final = 0.06
FAST_RUN: Final = 4
PAUSE_SECONDS: Final = 1.0
LEFT_SECONDS: Final = 60.0
ERASES: Final = frozenset({b"\x7f", b"\x08"})
NO_BILL: Final = "Not a bill number: 4 to 35 letters and digits."
NO_ENTER: Final = "No Enter from the scanner?"
BROKEN_OFF: Final = "That scan broke off, or two ran together."
CARD: Final = "That is a card for signing in, not a bill number."
_ENDS: Final = re.compile(rb"[\r\n\t]")
_LINE_ENDS: Final = re.compile(rb"\r\n|\r|\n")
_CUT_OFF: Final = r"\..."
"""Stands for the rest of a line that is too long; every other backslash is doubled."""
_AROUND: Final = AROUND.encode()
_TOKEN: Final = re.compile(rb"tg_[0-9a-f]{10}_", re.IGNORECASE)
"""How a token begins, its id included: the card of a place is scanned by mistake too, and a screen must not show it."""


class Sent(msgspec.Struct, frozen=True):
    """What came in at once, and when, in seconds of a steady clock."""

    data: bytes
    at: float


class Scan(msgspec.Struct, frozen=True):
    """One scan: its bill number, or why there is none."""

    bill: str | None
    line: str = ""
    read: str = ""
    """What was read, as `printf %b` takes it: backslashes and all but printable ASCII escaped.

    From a pipe always, from a terminal only if it is no bill number. A token is never in it on a terminal.
    """


class Pace:
    """How fast a scan came: a fast run and a pause together are two scans, or one that broke off.

    A person may pause, and types no fast run.
    """

    def __init__(self) -> None:
        self._last: float | None = None
        self._run = 0
        self._ran = self._paused = self._left = False

    def note(self, at: float, count: int) -> None:
        """Note that characters came."""
        gap = None if self._last is None else at - self._last
        self._run = self._run + count if gap is not None and gap < FAST_SECONDS else count
        self._ran = self._ran or self._run >= FAST_RUN
        if gap is not None:
            self._paused = self._paused or gap >= PAUSE_SECONDS
            self._left = self._left or gap >= LEFT_SECONDS
        self._last = at

    @property
    def is_broken(self) -> bool:
        """Whether this cannot be one scan, nor something typed at one go."""
        return self._left or (self._ran and self._paused)


class Cutter:
    """Cuts what is sent; of a scan it keeps little more than a scan may have.

    With `keys` it comes from a terminal: CR, LF and Tab end a scan, a key may take a character back, and pauses count.
    Without, it comes from a pipe: each line is one scan, even a blank one, and ends with LF, CR or both.
    """

    def __init__(self, *, keys: bool) -> None:
        self._keys = keys
        self._ends = _ENDS if keys else _LINE_ENDS
        self._held = b""
        self._is_long = self._after_return = False
        """Whether more came than is held; whether the latest byte was a CR, to which an LF may belong."""
        self._pace = Pace()

    @property
    def unended(self) -> str:
        """What has begun and not ended, as it is shown; empty: nothing."""
        text = self._held.lstrip(_AROUND).decode("utf-8", "replace")
        return "".join(each if " " <= each <= "~" else "?" for each in text)

    def cut(self, sent: Sent) -> Iterator[Scan]:
        """Cut what came; yield the scans that ended in it. On a terminal blank ones are left out."""
        data = sent.data.removeprefix(b"\n") if self._after_return and not self._keys else sent.data
        self._after_return = sent.data.endswith(b"\r")
        *ended, rest = self._ends.split(data)
        for piece in ended:
            self._hold(piece, sent.at, ends=True)
            if scan := self._take():
                yield scan
        if rest:
            self._hold(rest, sent.at, ends=False)

    def end(self) -> Iterator[Scan]:
        """Take what is left at the end of the input: it may be the beginning of a longer one."""
        if self._held.strip(_AROUND):
            yield Scan(None, NO_ENTER, "" if self._keys else self._read())
        self._held, self._is_long, self._pace = b"", False, Pace()

    def _hold(self, piece: bytes, at: float, *, ends: bool) -> None:
        if self._held or piece:
            self._pace.note(at, len(piece) + ends)
        if self._keys and piece in ERASES:
            self._held = self._held[:-1]
        else:
            # What is kept of a longer one is still too long for a bill, even behind a byte order mark.
            room = SCAN_CHARACTERS + 4 - len(self._held)
            self._is_long = self._is_long or len(piece) > room
            self._held += piece[:room]
        if not self._held:
            self._pace = Pace()

    def _take(self) -> Scan | None:
        held, pace, read = self._held, self._pace, self._read()
        self._held, self._is_long, self._pace = b"", False, Pace()
        bill = fold_bill(held.decode("utf-8", "replace"))
        if not self._keys:
            return Scan(bill, "" if bill else NO_BILL, read)
        if not held.removeprefix(b"\xef\xbb\xbf").strip(_AROUND):
            return None
        if pace.is_broken:
            return Scan(None, BROKEN_OFF)
        if _TOKEN.search(held):
            return Scan(None, CARD)
        return Scan(bill) if bill else Scan(None, NO_BILL, read)

    def _read(self) -> str:
        escaped = self._held.decode("latin-1").encode("unicode_escape").decode("ascii")
        return escaped + (_CUT_OFF if self._is_long else "")
