"""What a scanner's terminal shows, without the terminal: the bill on top, the ones before it, and never an old GO."""

from typing import Final

import msgspec

from agents.client.cutting import NO_ENTER, Scan
from agents.client.link import Listener, ScannedBill
from stream.outcomes import Action
from stream.reasons import ACTION_LINES, KEEP_LINE, SCAN_AGAIN_LINE, STALE_LINE

SHOWN: Final = 6
BELLS: Final = {Action.GO: 1, Action.WAIT: 1, Action.DONE: 1, Action.HOLD: 2, Action.STOP: 3}
"""How often the bell rings; a worker who looks elsewhere hears the difference."""

ASKING: Final = "Asking ..."
SCANNING: Final = "Scanning ..."


class View(msgspec.Struct, frozen=True):
    """What there is to see."""

    action: Action | None
    """None: nothing has been scanned, or a scan is under way."""
    bill: str
    line: str
    changed: bool
    """It was scanned before, and something has changed."""
    trouble: str
    """Why there is no live connection; empty: there is one."""
    recent: tuple[ScannedBill, ...]
    """The ones before, the latest first."""
    typed: str = ""
    """What has been typed and not yet ended."""
    todo: str = ""
    """What to do, said before why."""
    read: str = ""
    """What was read, if it is no bill number; escaped."""


class Board(Listener):
    """Keeps the view; `take_bells` returns how often to ring since the last look.

    On top is the bill scanned last, or one that changed; but no change to GO, which belongs to another parcel than the
    one at hand.
    """

    def __init__(self) -> None:
        self._verdicts: dict[str, ScannedBill] = {}
        """The latest last."""
        self._top = ""
        self._trouble = "connecting"
        self._wrong = ""
        """Why what was scanned is no bill."""
        self._read = ""
        """What was read instead of one."""
        self._typed = ""
        self._left = False
        self._bells = 0

    def scanned(self, scan: Scan) -> None:
        """Put a bill on top, or say why what was scanned is none."""
        self._typed, self._left, self._wrong, self._top = "", False, scan.line, scan.bill or ""
        self._read = scan.read if scan.bill is None else ""
        if scan.bill is None:
            self._bells = BELLS[Action.STOP]
        else:
            # What was known before may be old: the answer is on its way.
            self._verdicts.pop(scan.bill, None)

    def typed(self, unended: str) -> None:
        """Take what has begun and not ended: the answer before belongs to another parcel, and does not come back."""
        if unended or self._typed:
            self._top, self._wrong, self._read = "", "", ""
        self._typed, self._left = unended, self._left and bool(unended)

    def left(self) -> None:
        """Say that what has begun does not end."""
        self._wrong, self._read = NO_ENTER, ""
        if not self._left:
            self._left, self._bells = True, BELLS[Action.STOP]  # once: a person may be typing slowly

    def verdict(self, verdict: ScannedBill) -> None:
        """Take a verdict; one that changed what was shown before comes to the top, unless it is GO now."""
        if verdict.stale:
            return  # it says nothing of the bill, only that nothing can be said; `lost` shows that
        before = self._verdicts.get(verdict.bill)
        if before is not None and (before.action, before.line) == (verdict.action, verdict.line):
            return  # asked again after a break, and nothing has happened
        changed = before is not None or verdict.changed
        awaited = bool(self._top) and self._top not in self._verdicts
        self._verdicts.pop(verdict.bill, None)
        self._verdicts[verdict.bill] = msgspec.structs.replace(verdict, changed=changed)
        while len(self._verdicts) > SHOWN:
            del self._verdicts[next(bill for bill in self._verdicts if bill != self._top)]
        if changed and verdict.action is not Action.GO and not self._typed and not awaited:
            self._top, self._wrong = verdict.bill, ""
        if verdict.bill == self._top:
            self._bells = BELLS[verdict.action]
        elif changed:
            self._bells = BELLS[Action.HOLD]  # look at the list; a bell for GO would be heard for the parcel at hand

    def live(self) -> None:
        """Trust what is known again."""
        self._trouble = ""

    def lost(self, why: str) -> None:
        """Trust nothing until told otherwise."""
        if not self._trouble:
            self._bells = BELLS[Action.HOLD]
        self._trouble = why

    def take_bells(self) -> int:
        """Return how often to ring, once."""
        bells, self._bells = self._bells, 0
        return bells

    def view(self) -> View:
        """Return what there is to see."""
        shown = self._verdicts.get(self._top)
        recent = tuple(each for bill, each in reversed(self._verdicts.items()) if bill != self._top)
        if self._trouble:
            recent = ()
        if self._wrong:
            return View(
                Action.HOLD, "", self._wrong, False, self._trouble, recent, self._typed, SCAN_AGAIN_LINE, self._read
            )  # fmt: skip
        if self._typed:
            return View(None, "", SCANNING, False, self._trouble, recent, self._typed)
        if not self._top:
            return View(None, "", "", False, self._trouble, recent)
        if self._trouble:
            return View(Action.HOLD, self._top, STALE_LINE, False, self._trouble, recent, todo=KEEP_LINE)
        if shown is None:
            return View(Action.HOLD, self._top, ASKING, False, "", recent, todo=KEEP_LINE)
        todo = ACTION_LINES[shown.action]
        return View(shown.action, self._top, shown.line, shown.changed, "", recent, todo=todo)
