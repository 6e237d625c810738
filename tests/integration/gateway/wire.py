"""HTTP by hand, for what no client library would send."""

import asyncio
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.waiting import HANG_SECONDS


class Heard(NamedTuple):
    """All that came until the gateway closed the connection."""

    text: str

    @property
    def answers(self) -> int:
        """Count the answers."""
        return self.text.count("HTTP/1.")

    @property
    def status(self) -> int:
        """Return the status of the first."""
        return int(self.text.split(" ", 2)[1]) if self.text else 0


async def say(address: str, *pieces: bytes, pause: float = 0.0) -> Heard:
    """Send these bytes, with a pause after each, and read until the gateway closes."""
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        return Heard((await asyncio.wait_for(reader.read(), HANG_SECONDS)).decode("utf-8", "replace"))
    except ConnectionError:
        return Heard("")
    finally:
        writer.close()


def head(line: str, *headers: str, token: str = "") -> bytes:
    """Return the head of a request."""
    lines = [f"{line} HTTP/1.1", "Host: gate", *headers]
    lines += [f"Authorization: Bearer {token}"] if token else []
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
