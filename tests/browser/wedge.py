"""A keyboard-wedge scanner: real key events, at the pace of a scanner, whatever the machine is doing meanwhile."""

import time
from typing import Any, Final

from tests.browser.driver import Browser

ALT: Final = 1
CTRL: Final = 2
SHIFT: Final = 8
KEY_SECONDS: Final = 0.004
"""From one character to the next. The events say so themselves, so a slow machine makes no slow scanner."""
NAMED: Final = {
    "Enter": ("Enter", 13, "\r"),
    "Tab": ("Tab", 9, ""),
    "Esc": ("Escape", 27, ""),
    "Backspace": ("Backspace", 8, ""),
    "Home": ("Home", 36, ""),
    "Left": ("ArrowLeft", 37, ""),
    "Down": ("ArrowDown", 40, ""),
    **{f"F{number}": (f"F{number}", 111 + number, "") for number in range(1, 13)},
}
SIGNS: Final = {"]": ("BracketRight", 221), "[": ("BracketLeft", 219), "\\": ("Backslash", 220), "-": ("Minus", 189)}


class Wedge:
    """Types into a browser; its clock is its own."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._now = time.time()

    def send(self, notation: str, *, after: float = 1.0) -> None:
        """Type what a notation says, so many seconds after what was typed last.

        Words are typed as they stand, without the spaces between them; `Enter`, `F8` and the like are keys, `Ctrl+J`
        and `Alt+2` chords. `Space` is a space, `Pause` two seconds in which nothing is typed.
        """
        self._now = max(self._now + after, time.time())
        for word in notation.split():
            self._word(word)

    def _word(self, word: str) -> None:
        if word == "Pause":
            self._now += 2.0
        elif word == "Space":
            self._press(" ")
        elif word in NAMED:
            self._press(word)
        elif word.startswith(("Ctrl+", "Alt+")):
            held, key = word.split("+", 1)
            self._press(key, CTRL if held == "Ctrl" else ALT)
        else:
            for character in word:
                self._press(character)

    def _press(self, key: str, modifiers: int = 0) -> None:
        event = _event(key, modifiers)
        for kind in ("keyDown", "keyUp"):
            self._now += KEY_SECONDS
            text = {} if kind == "keyUp" else {"text": event["text"]}
            self._browser.devtools(
                "Input.dispatchKeyEvent", **{**event, **text}, type=kind, modifiers=modifiers, timestamp=self._now
            )

    def hold(self, key: str, times: int) -> None:
        """Hold a key down, or lose its release: it repeats by itself."""
        event = _event(key, 0)
        for number in range(times):
            self._now += KEY_SECONDS
            self._browser.devtools(
                "Input.dispatchKeyEvent", **event, type="keyDown", autoRepeat=number > 0, timestamp=self._now
            )
        self._browser.devtools("Input.dispatchKeyEvent", **event, type="keyUp", timestamp=self._now)


def _event(key: str, modifiers: int) -> dict[str, Any]:
    if key in NAMED:
        name, code, text = NAMED[key]
        physical = name
    else:
        name, text = key, "" if modifiers else key
        physical, code = SIGNS.get(key, (f"Key{key.upper()}" if key.isalpha() else f"Digit{key}", ord(key.upper())))
        if modifiers == ALT and key.isdigit():
            physical, code = f"Numpad{key}", 96 + int(key)
    return {"key": name, "code": physical, "windowsVirtualKeyCode": code, "nativeVirtualKeyCode": code, "text": text}
