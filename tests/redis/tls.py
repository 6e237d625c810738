"""TLS in front of a server that has none: the server of the wheel is built without it, so this ends TLS before it."""

import asyncio
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

READ_BYTES = 65536
STOP_SECONDS = 20.0


async def quiet() -> None:
    """Wait until the loop listens to nothing but itself: over TLS a closed connection takes some turns to go."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(STOP_SECONDS):
        while len(loop._selector.get_map()) > 1:  # type: ignore[attr-defined]  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.01)


class TlsFront:
    """Listens with a certificate, and passes all on to a plain port of this machine; `port` is where."""

    def __init__(self, pem: Path, behind: int) -> None:
        """Take the file with key and certificate, and the port behind."""
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pem)
        self._behind = behind
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(STOP_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(STOP_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_SECONDS)
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await quiet()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", self._behind)
        with suppress(asyncio.CancelledError):
            await asyncio.gather(_copy(reader, outer), _copy(inner, writer))
        for one in (writer, outer):
            one.close()
            with suppress(OSError, ssl.SSLError, asyncio.CancelledError):
                await one.wait_closed()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(READ_BYTES):
            writer.write(chunk)
            await writer.drain()
    writer.close()
