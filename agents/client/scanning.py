"""Scanning from a terminal or a pipe: what comes in on standard input goes out as actions."""

import asyncio
import sys
import threading
from collections.abc import Callable
from typing import Final, Protocol

from rich.console import Console

from agents.client.board import NO_BILL, Board
from agents.client.gateway import Gateway
from agents.client.link import Link, Listener, Verdict
from agents.client.screen import draw
from stream.bills import fold_bill
from stream.outcomes import Action
from stream.reasons import STALE_LINE

LINE_CHARACTERS: Final = 200
"""Of a line that was scanned only so much is looked at."""

Write = Callable[[str], None]


class Input(Protocol):
    """Where scanned lines come from."""

    async def next(self) -> str | None:
        """Give the next line; None: there are no more."""


class Lines:
    """Lines of standard input, read aside so that waiting for them stops nothing else; None: there are no more."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def read() -> None:
            for line in iter(lambda: sys.stdin.buffer.readline(LINE_CHARACTERS), b""):
                loop.call_soon_threadsafe(self._queue.put_nowait, line.decode("ascii", "replace"))
            loop.call_soon_threadsafe(self._queue.put_nowait, None)

        # A daemon: nothing can interrupt a thread that waits for a person to type.
        threading.Thread(target=read, daemon=True).start()

    async def next(self) -> str | None:
        """Give the next line."""
        return await self._queue.get()


class Answers(Listener):
    """Hands verdicts to whoever waits for one, and changes to `changed`."""

    def __init__(self, changed: Callable[[Verdict], None]) -> None:
        self._changed = changed
        self._waiting: dict[str, asyncio.Future[Verdict]] = {}
        self._said: dict[str, tuple[str, str]] = {}

    def expect(self, bill: str) -> asyncio.Future[Verdict]:
        """Give what will hold the bill's next verdict."""
        self._waiting[bill] = expected = asyncio.get_running_loop().create_future()
        return expected

    def verdict(self, verdict: Verdict) -> None:
        """Take a verdict."""
        waiting = self._waiting.pop(verdict.bill, None)
        said = (verdict.action, verdict.line)
        if waiting is not None and not waiting.done():
            waiting.set_result(verdict)
        elif not verdict.stale and self._said.get(verdict.bill) != said:
            self._changed(verdict)
        if not verdict.stale:
            self._said[verdict.bill] = said


async def scan_lines(gateway: Gateway, lines: Input, write: Write, seconds: float, *, follow: bool) -> bool:
    """Answer each line with one line; gives whether all answers were live. Raises GatewayError.

    An answer that does not come within so many seconds is HOLD. With `follow` changes are written too, for ever.
    """
    answers = Answers(lambda verdict: write(_line(verdict, "changed")) if follow else None)
    link = Link(gateway, answers)
    running = asyncio.create_task(link.run())
    reading = asyncio.create_task(_answer_lines(link, answers, lines, write, seconds))
    try:
        await asyncio.wait({running, reading}, return_when=asyncio.FIRST_COMPLETED)
        if follow or running.done():
            await running
        return reading.result()
    finally:
        running.cancel()
        reading.cancel()
        await asyncio.wait({running, reading})


async def _answer_lines(link: Link, answers: Answers, lines: Input, write: Write, seconds: float) -> bool:
    all_live = True
    while (line := await lines.next()) is not None:
        bill = fold_bill(line)
        if bill is None:
            if line.strip():
                write(f"\t{Action.HOLD}\t{NO_BILL}")
            continue
        expected = answers.expect(bill)
        await link.ask(bill)
        try:
            verdict = await asyncio.wait_for(expected, seconds)
        except TimeoutError:
            verdict = Verdict(bill, Action.HOLD, STALE_LINE, stale=True)
        all_live = all_live and not verdict.stale
        write(_line(verdict))
    return all_live


def _line(verdict: Verdict, mark: str = "") -> str:
    return "\t".join([verdict.bill, verdict.action, verdict.line, *([mark] if mark else [])])


async def scan_screen(gateway: Gateway, lines: Input, console: Console) -> None:
    """Show the big word for each bill that is scanned, until the input ends. Raises GatewayError."""
    board = _Drawn(console)
    link = Link(gateway, board)
    running = asyncio.create_task(link.run())
    reading = asyncio.create_task(_show_lines(link, board, lines))
    try:
        await asyncio.wait({running, reading}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        running.cancel()
        reading.cancel()
        await asyncio.wait({running, reading})


async def _show_lines(link: Link, board: "_Drawn", lines: Input) -> None:
    while (line := await lines.next()) is not None:
        bill = fold_bill(line)
        board.scanned(bill if line.strip() else None)
        if bill is not None:
            await link.ask(bill)


class _Drawn(Board):
    """A board that draws itself whenever it changes."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._draw()

    def scanned(self, bill: str | None) -> None:
        super().scanned(bill)
        self._draw()

    def verdict(self, verdict: Verdict) -> None:
        super().verdict(verdict)
        self._draw()

    def live(self) -> None:
        super().live()
        self._draw()

    def lost(self, why: str) -> None:
        super().lost(why)
        self._draw()

    def _draw(self) -> None:
        for _ in range(self.take_bells()):
            self._console.bell()
        draw(self._console, self.view())
