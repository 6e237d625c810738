"""What a scanner's terminal shows, without the terminal: the bill on top, the ones before it, and never an old GO."""

from typing import Final

import msgspec

from agents.client.link import Listener, Verdict
from stream.outcomes import Action
from stream.reasons import STALE_LINE

SHOWN: Final = 6
BELLS: Final = {Action.GO: 1, Action.WAIT: 1, Action.DONE: 1, Action.HOLD: 2, Action.STOP: 3}
"""How often the bell rings; who looks elsewhere hears the difference."""

ASKING: Final = "Asking ..."
NO_BILL: Final = "Not a bill number: 4 to 35 letters and digits."


class View(msgspec.Struct, frozen=True):
    """What there is to see."""

    action: Action | None
    """None: nothing has been scanned yet."""
    bill: str
    line: str
    changed: bool
    """It was scanned before, and something has changed."""
    trouble: str
    """Why there is no live connection; empty: there is one."""
    recent: tuple[Verdict, ...]
    """The ones before, the latest first."""


class Board(Listener):
    """Keeps the view; `take_bells` gives how often to ring since the last look."""

    def __init__(self) -> None:
        self._verdicts: dict[str, Verdict] = {}
        """The latest last."""
        self._top = ""
        self._trouble = "connecting"
        self._wrong = False
        self._bells = 0

    def scanned(self, bill: str | None) -> None:
        """Put a bill on top, or say that what was scanned is none."""
        self._wrong = bill is None
        if bill is None:
            self._bells = BELLS[Action.STOP]
            return
        self._top = bill
        # What was known before may be old: the answer is on its way.
        self._verdicts.pop(bill, None)

    def verdict(self, verdict: Verdict) -> None:
        """Take a verdict; one that changed what was shown before comes to the top."""
        if verdict.stale:
            return  # it says nothing of the bill, only that nothing can be said; `lost` shows that
        before = self._verdicts.get(verdict.bill)
        if before is not None and (before.action, before.line) == (verdict.action, verdict.line):
            return  # asked again after a break, and nothing has happened
        changed = before is not None or verdict.changed
        self._verdicts.pop(verdict.bill, None)
        self._verdicts[verdict.bill] = msgspec.structs.replace(verdict, changed=changed)
        while len(self._verdicts) > SHOWN:
            del self._verdicts[next(iter(self._verdicts))]
        if changed:
            self._top, self._wrong = verdict.bill, False
        if verdict.bill == self._top:
            self._bells = BELLS[verdict.action]

    def live(self) -> None:
        """Trust what is known again."""
        self._trouble = ""

    def lost(self, why: str) -> None:
        """Trust nothing until told otherwise."""
        if not self._trouble:
            self._bells = BELLS[Action.HOLD]
        self._trouble = why

    def take_bells(self) -> int:
        """Give how often to ring, once."""
        bells, self._bells = self._bells, 0
        return bells

    def view(self) -> View:
        """Give what there is to see."""
        shown = self._verdicts.get(self._top)
        recent = tuple(each for bill, each in reversed(self._verdicts.items()) if bill != self._top)
        if self._wrong:
            return View(Action.HOLD, "", NO_BILL, False, self._trouble, recent)
        if not self._top:
            return View(None, "", "", False, self._trouble, recent)
        if self._trouble:
            return View(Action.HOLD, self._top, STALE_LINE, False, self._trouble, ())
        if shown is None:
            return View(Action.HOLD, self._top, ASKING, False, "", recent)
        return View(shown.action, self._top, shown.line, shown.changed, "", recent)
