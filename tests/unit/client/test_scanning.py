"""Scanning in a pipe and on a terminal, with a gateway by script: what is written when, and how it ends."""

import asyncio
import io
from pathlib import Path

import pytest
from aiohttp import web
from rich.console import Console

from agents.client import GatewayError
from agents.client.board import SCANNING
from agents.client.cutting import NO_BILL, NO_ENTER, Sent
from agents.client.scanning import READ_BYTES, Bytes, scan_lines, scan_screen
from stream.reasons import STALE_LINE
from tests.unit.client.scripted import HELLO, answering, scripted, verdict

SECONDS = 60.0


class Typed:
    """Lines of input, typed when the test says so."""

    def __init__(self, *lines: str, ends: bool = True) -> None:
        self._queue: asyncio.Queue[Sent | None] = asyncio.Queue()
        for line in lines:
            self.type(line)
        if ends:
            self.end()

    def type(self, line: str, end: str = "\n") -> None:
        self._queue.put_nowait(Sent(f"{line}{end}".encode(), 0.0))

    def end(self) -> None:
        self._queue.put_nowait(None)

    async def next(self) -> Sent | None:
        return await self._queue.get()


class Written:
    """Lines of output, and a way to wait for one."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._came = asyncio.Event()

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        self._came.set()

    async def wait_for(self, count: int) -> None:
        async with asyncio.timeout(SECONDS):
            while len(self.lines) < count:
                self._came.clear()
                await self._came.wait()


class Shown(io.StringIO):
    """What a terminal was given, and a way to wait for a text in it."""

    def __init__(self) -> None:
        super().__init__()
        self._came = asyncio.Event()

    def write(self, text: str) -> int:
        self._came.set()
        return super().write(text)

    async def wait_for(self, text: str) -> None:
        async with asyncio.timeout(SECONDS):
            while text not in self.getvalue():
                self._came.clear()
                await self._came.wait()


async def test_each_line_gets_its_answer_in_turn() -> None:
    """One line out for each line in, blank ones too, in order; the first column is what was read, escaped."""
    written = Written()
    async with scripted(answering) as gateway:
        lines = Typed("acme-0001", "", "?", "ACME 0002", "ACME0001\tACME0002", "a\\b \x1d\u00e9")
        assert await scan_lines(gateway, lines, written, SECONDS, follow=False)
    assert written.lines == [
        "acme-0001\tGO\tA line.", f"\tHOLD\t{NO_BILL}", f"?\tHOLD\t{NO_BILL}", "ACME 0002\tGO\tA line.",
        f"ACME0001\\tACME0002\tHOLD\t{NO_BILL}", f"a\\\\b \\x1d\\xc3\\xa9\tHOLD\t{NO_BILL}",
    ]  # fmt: skip
    assert all(line.count("\t") == 2 and line.isascii() for line in written.lines)


async def test_late_answer_is_hold_and_the_next_scan_is_its_own() -> None:
    """An answer that takes too long is HOLD; scanned again, the bill is answered by what comes then."""

    async def late(socket: web.WebSocketResponse) -> None:
        await socket.send_json(HELLO)
        await socket.receive_json()
        again = await socket.receive_json()
        await socket.send_json(verdict(again["bill"], "STOP"))
        await socket.receive()

    written = Written()
    async with scripted(late) as gateway:
        all_live = await scan_lines(gateway, Typed("ACME0001", "ACME0001"), written, 0.3, follow=False)
    assert not all_live
    assert written.lines == [f"ACME0001\tHOLD\t{STALE_LINE}", "ACME0001\tSTOP\tA line."]


async def test_stale_answer_is_not_live() -> None:
    """An answer of a gateway that is behind is written as it says, and the end tells that not all was live."""

    async def stale(socket: web.WebSocketResponse) -> None:
        await socket.send_json({**HELLO, "stale": True})
        asked = await socket.receive_json()
        await socket.send_json(verdict(asked["bill"], "HOLD", stale=True))
        await socket.receive()

    written = Written()
    async with scripted(stale) as gateway:
        assert not await scan_lines(gateway, Typed("ACME0001"), written, SECONDS, follow=False)
    assert written.lines == ["ACME0001\tHOLD\tA line."]


@pytest.mark.parametrize("follow", [True, False])
async def test_changes_are_written_only_if_followed(follow: bool) -> None:
    """A later change is one more line when following, and a repeat of the same is none; without it neither is."""

    async def changing(socket: web.WebSocketResponse) -> None:
        await socket.send_json(HELLO)
        bill = (await socket.receive_json())["bill"]
        for action in ("GO", "GO", "HOLD", "HOLD"):
            await socket.send_json(verdict(bill, action))
        other = (await socket.receive_json())["bill"]
        await socket.send_json(verdict(other))
        await socket.receive()

    written = Written()
    async with scripted(changing) as gateway:
        running = asyncio.create_task(
            scan_lines(gateway, Typed("acme 0001", "ACME0002"), written, SECONDS, follow=follow)
        )
        await written.wait_for(3 if follow else 2)
        assert running.done() is False or not follow
        running.cancel()
        await asyncio.wait([running])
    change = ["acme 0001\tHOLD\tA line.\tchanged"] if follow else []
    assert sorted(written.lines) == sorted(["acme 0001\tGO\tA line.", *change, "ACME0002\tGO\tA line."])


async def test_refusal_ends_scanning_in_the_middle() -> None:
    """A token that is revoked while a scanner waits ends it with the reason, whatever else was to be scanned."""

    async def revoked(socket: web.WebSocketResponse) -> None:
        await socket.send_json(HELLO)
        await socket.receive_json()
        await socket.close(code=4401)

    async with scripted(revoked) as gateway:
        with pytest.raises(GatewayError, match="revoked"):
            await scan_lines(gateway, Typed("ACME0001", "ACME0002"), Written(), SECONDS, follow=False)
        with pytest.raises(GatewayError, match="revoked"):
            await scan_screen(gateway, Typed("ACME0001", ends=False), Console(file=io.StringIO()))


async def test_screen_ends_with_its_input() -> None:
    """A terminal's scanner shows what is typed and ends when nothing more can be typed."""
    shown = Shown()
    typed = Typed(ends=False)
    async with scripted(answering) as gateway:
        running = asyncio.create_task(scan_screen(gateway, typed, Console(file=shown, width=100)))
        typed.type("acme 0001")
        await shown.wait_for("A line.")
        typed.type("?")
        typed.end()
        await running
    assert "ACME0001" in shown.getvalue()
    assert NO_BILL in shown.getvalue()


async def test_unended_scan_is_hold() -> None:
    """At the end of a pipe what has no end is HOLD: it may be the beginning of another bill."""
    written = Written()
    typed = Typed("ACME0001", ends=False)
    typed.type("ACME000", end="")
    typed.end()
    async with scripted(answering) as gateway:
        assert await scan_lines(gateway, typed, written, SECONDS, follow=False)
    assert written.lines == ["ACME0001\tGO\tA line.", f"ACME000\tHOLD\t{NO_ENTER}"]


async def test_screen_is_neutral_from_the_first_character() -> None:
    """With the first character the answer before goes, a second later it is HOLD; at the end nothing stays in sight."""
    shown = Shown()
    typed = Typed("ACME0001", ends=False)
    async with scripted(answering) as gateway:
        running = asyncio.create_task(scan_screen(gateway, typed, Console(file=shown, width=100, force_terminal=True)))
        await shown.wait_for("A line.")
        typed.type("A", end="")
        await shown.wait_for(f"{SCANNING}")
        await shown.wait_for(NO_ENTER)
        typed.type("\x04", end="")
        typed.type("\r", end="")
        await shown.wait_for(NO_BILL)
        typed.type("\x04", end="")
        await running
    after = shown.getvalue().split(SCANNING)[1]
    assert "A line." not in after.split("ACME0001  A line.")[0]
    assert shown.getvalue().endswith("\x1b[2J\x1b[H")


async def test_a_pipe_that_ends_in_the_loop_is_read_to_its_end(tmp_path: Path) -> None:
    """Bytes of a file come in bounded pieces, whole and in order."""
    path = tmp_path / "bills"
    path.write_bytes(b"ACME0001\n" * 100_000)
    with path.open("rb") as file:
        source, found = Bytes(file.fileno()), b""
        while (sent := await source.next()) is not None:
            assert len(sent.data) <= READ_BYTES
            found += sent.data
    assert found == path.read_bytes()
