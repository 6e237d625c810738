"""Colours of the actions on a terminal; the word is shown as well, for those who cannot tell colours apart."""

from typing import Final

from stream.outcomes import Action

STYLES: Final = {
    Action.GO: "bold black on green",
    Action.HOLD: "bold black on yellow",
    Action.STOP: "bold white on red",
    Action.WAIT: "bold white on blue",
    Action.DONE: "bold black on white",
}
