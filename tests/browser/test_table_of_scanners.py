"""The table of scanners in docs/scanning.md, typed line by line into the page and into the terminal."""

import asyncio
import io
import re
from collections.abc import Iterator

import pytest
from aiohttp import web
from rich.console import Console

from agents.client.cutting import BROKEN_OFF, NO_BILL, NO_ENTER, Sent
from agents.client.scanning import scan_screen
from agents.client.screen import big
from stream.outcomes import Action
from tests.browser.driver import Browser
from tests.browser.stand_in import TOKEN, StandIn, verdict
from tests.browser.wedge import Wedge
from tests.prerequisites import ROOT
from tests.unit.client.scripted import HELLO, scripted

CLEARED = "\x1b[2J\x1b[H"
PAGE = (ROOT / "docs" / "scanning.md").read_text("utf-8")
ROWS = re.findall(r"^\| ([^|]+) \| `([^`]+)` \| (\w[\w ]+) \| (\w[\w ]+) \| [^|]+ \|$", PAGE, re.MULTILINE)
KNOWN = ("ACME0001", "05712345675")
TRAPS = ("ACME000", "ACME0001ACME0002", "ACME0001J", "ACME0", "ACME00012", "ACME0002", "C1ACME0001", "401ACME0001")
"""Bills that are GO too, and that no line of the table is the label of."""


def test_table_is_read() -> None:
    """The lines of the table are found, all kinds of answers among them."""
    lines = PAGE.split("| the scanner sends |")[1].split("\n\n")[0].count("\n") - 1
    assert len(ROWS) == lines
    assert {row[2] for row in ROWS} == {"GO", "HOLD", "no Enter", "unknown"}
    assert {row[3] for row in ROWS} == {"GO", "HOLD", "no Enter", "unknown", "ends"}


@pytest.fixture(scope="module")
def dock() -> Iterator[StandIn]:
    """Return a gateway that says GO to the label's bill, and to every bill that a mistaken reading might make of it."""
    with StandIn() as running:
        running.answers = {bill: verdict(bill) for bill in (*KNOWN, *TRAPS)}
        yield running


@pytest.fixture(scope="module")
def page(chromium: Browser, dock: StandIn) -> Browser:
    """Return the page, signed in and live."""
    chromium.sign_in(f"{dock.address}/", TOKEN)
    chromium.shows("#link", "Live")
    return chromium


@pytest.mark.chromium
@pytest.mark.parametrize(("sends", "keys", "expected"), [row[:3] for row in ROWS], ids=[row[0] for row in ROWS])
def test_page_answers_as_the_table_says(page: Browser, dock: StandIn, sends: str, keys: str, expected: str) -> None:
    """Typed as the scanner types it, after a bill that was GO, each line gives what it says, and of no other bill."""
    wedge = Wedge(page)
    wedge.send("Esc Esc 05712345675 Enter")
    page.until(
        "document.getElementById('bill').textContent.startsWith('0571') && document.body.dataset.action === 'GO'"
    )
    dock.asked.clear()
    wedge.send(keys)
    broken = "That scan broke off" if "Pause" in keys else "no bill number"
    lines = {"GO": "Within", "no Enter": NO_ENTER, "unknown": "Nothing is known", "HOLD": broken}
    page.shows("#line", lines[expected])
    assert page.text("#word") == ("GO" if expected == "GO" else "HOLD"), sends
    known = "05712345675" if "05712345675" in keys else "ACME0001"
    asked = {"GO": known, "unknown": "JACME0001"}.get(expected, "")
    assert page.text("#bill") == asked
    assert set(dock.asked) <= {asked, "ACME0009"}
    assert page.complaints() == []


@pytest.mark.chromium
def test_all_letters_and_digits_come_through(page: Browser) -> None:
    """The code for setting up says that scanner and keyboard agree; one letter otherwise is HOLD."""
    (alphabet,) = re.findall(r"`([A-Z0-9]{36})`", PAGE)
    wedge = Wedge(page)
    wedge.send(f"Esc {alphabet} Enter")
    page.shows("#line", "scanner and keyboard agree")
    assert page.text("#word") == "SCAN"
    wedge.send(f"{alphabet.replace('YZ', 'ZY')} Enter")
    page.shows("#line", "no bill number")


BYTES = {"Enter": b"\r", "Tab": b"\t", "Space": b" ", "Home": b"\x1b[H", "Down": b"\x1b[B", "F8": b"\x1b[19~"}


def piece(word: str) -> bytes:
    """Return what a terminal is sent for a word of the table."""
    if word.startswith("Ctrl+"):
        return bytes([ord(word[-1]) & 0x1F])
    return b"\x1b" + word[-1].encode() if word.startswith("Alt+") else BYTES.get(word, word.encode())


class Keys:
    """The words of a line of the table, as a terminal gets them, at a pace that does not depend on the machine."""

    def __init__(self, keys: str) -> None:
        self._queue: asyncio.Queue[Sent | None] = asyncio.Queue()
        now = 0.0
        for word in keys.split():
            now += 2.0 if word == "Pause" else 0.01
            if word != "Pause":
                self._queue.put_nowait(Sent(piece(word), now))

    async def next(self) -> Sent | None:
        """Return the next word."""
        return await self._queue.get()


async def shown_on_a_terminal(keys: str, text: str) -> str:
    """Return the last that a terminal shows, once a text is there or the keys have ended it."""
    seen = io.StringIO()

    async def answer(socket: web.WebSocketResponse) -> None:
        await socket.send_json(HELLO)
        async for message in socket:
            bill = message.json()["bill"]
            known = verdict(bill) if bill in {*KNOWN, *TRAPS} else verdict(bill, "HOLD", "Nothing is known")
            await socket.send_json({"type": "verdict", **known})

    async with scripted(answer) as gateway, asyncio.timeout(60):
        console = Console(file=seen, width=100, force_terminal=True)
        running = asyncio.create_task(scan_screen(gateway, Keys(keys), console))
        while text not in (last := seen.getvalue().split(CLEARED)[-1]):
            await asyncio.wait([running], timeout=0.01)
            if running.done():
                return f"ended{seen.getvalue().split(CLEARED)[-1]}"
        running.cancel()
        await asyncio.wait([running])
        return last


@pytest.mark.parametrize(("keys", "expected"), [(row[1], row[3]) for row in ROWS], ids=[row[0] for row in ROWS])
async def test_terminal_answers_as_the_table_says(keys: str, expected: str) -> None:
    """The same keys, as a terminal gets them, give what the line says, and the screen is left empty at the end."""
    broken = BROKEN_OFF if "Pause" in keys else NO_BILL
    text = {"GO": "Within", "no Enter": NO_ENTER, "unknown": "Nothing is known", "HOLD": broken}.get(expected, "?!")
    shown = await shown_on_a_terminal(keys, text)
    if expected == "ends":
        assert shown == "ended"
        return
    known = "05712345675" if "05712345675" in keys else "ACME0001"
    bill = {"GO": known, "unknown": "JACME0001"}.get(expected, "")
    assert big(Action.GO if expected == "GO" else Action.HOLD, "█")[2] in shown
    assert (f"  {bill or known}\x1b[0m\n" in shown.split("scan>")[0].split("\n\n")[1]) == bool(bill)
