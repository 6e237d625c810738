"""Scanning from a terminal or a pipe: what comes in on standard input goes out as actions."""

import asyncio
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from rich.console import Console

from agents.client.board import Board
from agents.client.cutting import PAUSE_SECONDS, Cutter, Scan, Sent
from agents.client.link import BILLS_KEPT, Link, Listener, ScannedBill
from agents.client.requests import Gateway
from agents.client.screen import draw
from stream.outcomes import Action
from stream.reasons import STALE_LINE

READ_BYTES: Final = 65_536
CHUNKS_WAITING: Final = 4
CTRL_D: Final = b"\x04"

Write = Callable[[str], None]


class Input(Protocol):
    """Where scans come from."""

    async def next(self) -> Sent | None:
        """Return what came next; None: there is no more."""


class Bytes:
    """What comes from a file descriptor, read aside so that waiting for it stops nothing else."""

    def __init__(self, descriptor: int) -> None:
        self._queue: asyncio.Queue[Sent | None] = asyncio.Queue()
        self._room = threading.Semaphore(CHUNKS_WAITING)
        """So that no file is ever in memory as a whole."""
        loop = asyncio.get_running_loop()

        def read() -> None:
            data = _read(descriptor)
            with suppress(RuntimeError):  # the loop has ended: nothing more is wanted
                while data:
                    self._room.acquire()
                    loop.call_soon_threadsafe(self._queue.put_nowait, Sent(data, time.monotonic()))
                    data = _read(descriptor)
                loop.call_soon_threadsafe(self._queue.put_nowait, None)

        # A daemon: nothing can interrupt a thread that waits for a person to type.
        threading.Thread(target=read, daemon=True).start()

    async def next(self) -> Sent | None:
        """Return what came next."""
        sent = await self._queue.get()
        self._room.release()
        return sent


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, READ_BYTES)
    except OSError:
        return b""  # a terminal that was hung up, or a scanner that was pulled out


class Answers(Listener):
    """Hands a verdict to its scan, and changes to `changed`."""

    def __init__(self, changed: Callable[[ScannedBill], None]) -> None:
        self._changed = changed
        self._waiting: dict[str, asyncio.Future[ScannedBill]] = {}
        self._said: dict[str, tuple[str, str]] = {}

    def expect(self, bill: str) -> asyncio.Future[ScannedBill]:
        """Return a future of the bill's next verdict."""
        self._waiting[bill] = expected = asyncio.get_running_loop().create_future()
        return expected

    def verdict(self, verdict: ScannedBill) -> None:
        """Take a verdict."""
        waiting = self._waiting.pop(verdict.bill, None)
        said = (verdict.action, verdict.line)
        if waiting is not None and not waiting.done():
            waiting.set_result(verdict)
        elif not verdict.stale and self._said.get(verdict.bill) != said:
            self._changed(verdict)
        if not verdict.stale:
            self._said[verdict.bill] = said


async def scan_lines(gateway: Gateway, typed: Input, write: Write, seconds: float, *, follow: bool) -> bool:
    """Answer each line with one line; return whether all answers were live. Raise GatewayError.

    An answer that does not come within so many seconds is HOLD. With `follow` changes are written too, for ever, with
    what was read of that bill last.
    """
    reads: dict[str, str] = {}
    answers = Answers(lambda verdict: write(_line(reads[verdict.bill], verdict, "changed")) if follow else None)
    link = Link(gateway, answers)
    running = asyncio.create_task(link.run())
    reading = asyncio.create_task(_answer_scans(link, answers, typed, write, seconds, reads))
    try:
        await asyncio.wait({running, reading}, return_when=asyncio.FIRST_COMPLETED)
        if follow or running.done():
            await running
        return reading.result()
    finally:
        running.cancel()
        reading.cancel()
        await asyncio.wait({running, reading})


async def _answer_scans(
    link: Link, answers: Answers, typed: Input, write: Write, seconds: float, reads: dict[str, str]
) -> bool:
    cutter, all_live = Cutter(keys=False), True
    while (sent := await typed.next()) is not None:
        for scan in cutter.cut(sent):
            if scan.bill is not None:
                _remember(reads, scan.bill, scan.read)
            verdict = await _answer(link, answers, scan, seconds)
            all_live = all_live and not verdict.stale
            write(_line(scan.read, verdict))
    for scan in cutter.end():
        write(_line(scan.read, await _answer(link, answers, scan, seconds)))
    return all_live


def _remember(reads: dict[str, str], bill: str, read: str) -> None:
    """Remember what was read, for as many bills as the link watches, and one whose change is on its way."""
    reads.pop(bill, None)
    reads[bill] = read
    if len(reads) > BILLS_KEPT + 1:
        del reads[next(iter(reads))]


async def _answer(link: Link, answers: Answers, scan: Scan, seconds: float) -> ScannedBill:
    if scan.bill is None:
        return ScannedBill("", Action.HOLD, scan.line)
    expected = answers.expect(scan.bill)
    await link.ask(scan.bill)
    try:
        return await asyncio.wait_for(expected, seconds)
    except TimeoutError:
        return ScannedBill(scan.bill, Action.HOLD, STALE_LINE, stale=True)


def _line(read: str, verdict: ScannedBill, mark: str = "") -> str:
    return "\t".join([read, verdict.action, verdict.line, *([mark] if mark else [])])


async def scan_screen(gateway: Gateway, typed: Input, console: Console) -> None:
    """Show the big word for each bill that is scanned, until the input ends. Raise GatewayError."""
    board = _Drawn(console)
    link = Link(gateway, board)
    running = asyncio.create_task(link.run())
    reading = asyncio.create_task(_show_scans(link, board, typed))
    try:
        await asyncio.wait({running, reading}, return_when=asyncio.FIRST_COMPLETED)
        for ended in (running, reading):
            if ended.done():
                ended.result()
    finally:
        running.cancel()
        reading.cancel()
        await asyncio.wait({running, reading})
        console.clear()  # an answer that stays in sight would be taken for that of the next parcel


async def _show_scans(link: Link, board: "_Drawn", typed: Input) -> None:
    cutter = Cutter(keys=True)
    waiting = asyncio.ensure_future(typed.next())
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=PAUSE_SECONDS if cutter.unended else None)
            if not done:
                board.left()
                await asyncio.wait({waiting})
            sent = waiting.result()
            if sent is None or (sent.data == CTRL_D and not cutter.unended):
                return
            waiting = asyncio.ensure_future(typed.next())
            for scan in cutter.cut(sent):
                board.scanned(scan)
                if scan.bill is not None:
                    await link.ask(scan.bill)
            board.typed(cutter.unended)
    finally:
        waiting.cancel()


class _Drawn(Board):
    """A board that draws itself whenever it changes."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._draw()

    def scanned(self, scan: Scan) -> None:
        super().scanned(scan)
        self._draw()

    def typed(self, unended: str) -> None:
        before = self.view()
        super().typed(unended)
        if self.view() != before:
            self._draw()

    def left(self) -> None:
        super().left()
        self._draw()

    def verdict(self, verdict: ScannedBill) -> None:
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
