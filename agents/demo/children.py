"""The demo's worker processes, as the demo sees them: started, listened to, stopped, and never left behind."""

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec

from agents.demo.errors import WorkerDiedError
from agents.demo.scene import Counts

READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 20.0
_LAST_WORDS: Final = 12


class WorkerSpec(msgspec.Struct, frozen=True):
    """What a worker process is told on its standard input."""

    step: str
    """A step, `projection` or `gateway`."""
    brokers: str
    prefix: str
    epoch: int
    partitions: int
    secret_file: str
    """Holds the secret of the consignee keys, made at the start of the demo."""
    embedded: bool
    """The broker is the embedded one, which cannot be asked about its topics."""
    redis: str
    """Address of the embedded Redis."""
    tokens_file: str
    """Holds the gateway's tokens."""


class Report(msgspec.Struct):
    """What a worker process says on its standard output, a line each time."""

    ready: bool
    counts: Counts
    address: str = ""
    """Where the gateway serves."""


class Child:
    """One worker process; `report` is told what it counts."""

    def __init__(self, spec: WorkerSpec, report: Callable[[str, Counts], None]) -> None:
        self._spec = spec
        self._report = report
        self._process: Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._ready = asyncio.Event()
        self.address = ""
        """Where it serves, if it is the gateway and ready."""
        self._words: deque[str] = deque(maxlen=_LAST_WORDS)

    async def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C does not reach it."""
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agents.demo.hand", stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
        )  # fmt: skip
        assert process.stdin is not None  # noqa: S101 - asked for above
        process.stdin.write(msgspec.json.encode(self._spec) + b"\n")
        await process.stdin.drain()
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._overhear())]

    async def ready(self) -> None:
        """Wait until it judges."""
        try:
            await asyncio.wait_for(self._ready.wait(), READY_SECONDS)
        except TimeoutError:
            raise WorkerDiedError(f"the {self._spec.step} worker does not get ready:\n{self._last_words()}") from None

    async def died(self) -> None:
        """Wait until it ends by itself, and raise."""
        assert self._process is not None  # noqa: S101 - started first
        code = await self._process.wait()
        await asyncio.gather(*self._tasks)
        raise WorkerDiedError(f"the {self._spec.step} worker ended by itself, code {code}:\n{self._last_words()}")

    async def finish(self) -> None:
        """Stop it, and raise if it did not end well."""
        await self.stop()
        if self._process is not None and self._process.returncode:
            raise WorkerDiedError(f"the {self._spec.step} worker ended badly:\n{self._last_words()}")

    async def stop(self) -> None:
        """Let it finish its transaction and end; its last report is in when this returns."""
        process = self._process
        if process is None:
            return
        assert process.stdin is not None  # noqa: S101 - asked for above
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks)

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    def _last_words(self) -> str:
        return "\n".join(self._words) or "it said nothing"

    async def _listen(self) -> None:
        assert self._process is not None and self._process.stdout is not None  # noqa: S101, PT018 - started first
        async for line in self._process.stdout:
            report = msgspec.json.decode(line, type=Report)
            self._report(self._spec.step, report.counts)
            if report.ready:
                self.address = report.address
                self._ready.set()

    async def _overhear(self) -> None:
        assert self._process is not None and self._process.stderr is not None  # noqa: S101, PT018 - started first
        async for line in self._process.stderr:
            self._words.append(line.decode(errors="replace").rstrip())
