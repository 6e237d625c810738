"""A great many scanners in one process, each a bare WebSocket on one bill, so that they cost little themselves."""

import asyncio
import base64
import os
from time import monotonic
from typing import cast
from urllib.parse import urlsplit

import msgspec

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
MASK = bytes(4)
"""A mask of zeros leaves what it masks as it is."""


class Message(msgspec.Struct):
    """As much of a message as is needed."""

    type: str
    changed: bool = False
    stale: bool = False
    action: str = ""


class BenchScanner(asyncio.Protocol):
    """One scanner; notes when each change of its bill came."""

    def __init__(self, head: bytes, bill: str) -> None:
        self.ready = False
        """It has been shown its bill, and not as stale."""
        self.changes: list[tuple[float, str]] = []
        """When each change came, and the action shown."""
        self.lost = False
        self._head = head
        self._bill = bill
        self._buffer = b""
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a WebSocket."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._head)

    def connection_lost(self, _error: Exception | None) -> None:
        """Remember that it was cut off."""
        self.lost = True

    def close(self) -> None:
        """Go."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Take whole frames."""
        moment = monotonic()
        self._buffer += data
        if not self._open:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                raise RuntimeError(f"no WebSocket: {head!r}")
            self._open, self._buffer = True, rest
            self._send(TEXT, msgspec.json.encode({"bill": self._bill}))
        while (frame := self._frame()) is not None:
            self._take(moment, *frame)

    def _frame(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 4:
            return None
        size, start = buffer[1], 2
        if size == 126:
            size, start = int.from_bytes(buffer[2:4], "big"), 4
        if len(buffer) < start + size:
            return None
        self._buffer = buffer[start + size :]
        return buffer[0] & 0xF, buffer[start : start + size]

    def _take(self, moment: float, kind: int, body: bytes) -> None:
        if kind == PING:
            self._send(PONG, body)
        elif kind == TEXT:
            message = msgspec.json.decode(body, type=Message)
            if message.type == "verdict":
                self.ready = not message.stale
                if message.changed:
                    self.changes.append((moment, message.action))

    def _send(self, kind: int, body: bytes) -> None:
        assert len(body) < 126
        self._transport.write(bytes((0x80 | kind, 0x80 | len(body))) + MASK + body)


def head_of(address: str, token: str) -> bytes:
    """Return the request that opens a WebSocket."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = (
        "GET /v1/scan HTTP/1.1", f"Host: {urlsplit(address).netloc}", f"Authorization: Bearer {token}",
        "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()
