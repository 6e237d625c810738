"""Drawing on a terminal: one word in big letters, one colour, one line; readable from three metres."""

from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.text import Text

from agents.client.board import View
from agents.client.colours import STYLES

FONT: Final[dict[str, str]] = {
    "A": " ### #   #######   ##   #",
    "D": "#### #   ##   ##   ##### ",
    "E": "######    ###  #    #####",
    "G": " #####    #  ###   # ####",
    "H": "#   ##   #######   ##   #",
    "I": "#####  #    #    #  #####",
    "L": "#    #    #    #    #####",
    "N": "#   ###  ## # ##  ###   #",
    "O": " ### #   ##   ##   # ### ",
    "P": "#### #   ##### #    #    ",
    "S": " #####     ###     ##### ",
    "T": "#####  #    #    #    #  ",
    "W": "#   ##   ## # ### ###   #",
}
"""Five rows of five, one after the other."""
ROWS: Final = 5
WIDTH: Final = 5

PROMPT: Final = "scan> "
READY: Final = "Scan a bill, then Enter. Ctrl-D ends."
CHANGED: Final = "CHANGED SINCE IT WAS SCANNED"


def big(word: str, block: str) -> list[str]:
    """Return a word in rows of blocks."""
    letters = [FONT[letter] for letter in word]
    return [
        "  ".join(
            letter[row * WIDTH : (row + 1) * WIDTH].replace("#", 2 * block).replace(" ", "  ") for letter in letters
        )
        for row in range(ROWS)
    ]


def draw(console: Console, view: View) -> None:
    """Clear the terminal and show the view, with the prompt below."""
    block = "█" if console.encoding.startswith("utf") else "#"
    console.clear()
    for text in _lines(view, block):
        console.print(text)
    console.print(Text(PROMPT + view.typed), end="")


def _lines(view: View, block: str) -> Iterator[Text]:
    if view.trouble:
        yield Text(f" NO LIVE CONNECTION: {view.trouble} ", "bold white on red")
    if view.action is None:
        yield Text(view.line or READY)
        yield from _recent(view)
        return
    style = STYLES[view.action]
    yield Text("")
    for row in big(view.action, block):
        yield Text(f"   {row}   ", style)
    yield Text("")
    if view.todo:
        yield Text(f"  {view.todo}", "bold")
    yield Text(f'  Read: "{view.read}"' if view.read else f"  {view.bill}", "bold")
    yield Text(f"  {view.line}")
    if view.changed:
        yield Text(f"  {CHANGED}", "bold")
    yield from _recent(view)


def _recent(view: View) -> Iterator[Text]:
    yield Text("")
    for verdict in view.recent:
        yield Text.assemble(
            "  ", (f" {verdict.action:<4} ", STYLES[verdict.action]), f"  {verdict.bill}  {verdict.line}"
        )
