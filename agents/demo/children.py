"""The demo's worker processes, as the demo sees them: started, listened to, stopped, and never left behind."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from threading import Thread
from typing import Final

import msgspec

from agents.demo.errors import WorkerDiedError
from agents.demo.scene import Counts
from agents.supervisor import Child

READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 20.0
LOOK_SECONDS: Final = 0.05
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


class Worker(Child):
    """One worker process; `report` is told what it counts, by a thread. One that ends is not started again."""

    def __init__(self, spec: WorkerSpec, report: Callable[[str, Counts], None]) -> None:
        super().__init__(spec.step, ["agents.demo.hand"], apart=True, piped=True)
        self._spec = spec
        self._report = report
        self._ready = False
        self.address = ""
        """Where it serves, if it is the gateway and ready."""
        self._words: deque[str] = deque(maxlen=_LAST_WORDS)
        self._ears: list[Thread] = []

    def start(self) -> None:
        """Start the process, tell it what to do, and listen."""
        super().start()
        process = self.running
        assert process.stdin and process.stdout and process.stderr  # noqa: S101, PT018 - they are pipes
        process.stdin.write(msgspec.json.encode(self._spec) + b"\n")
        process.stdin.flush()
        hears = ((process.stdout, self._listen), (process.stderr, self._overhear))
        self._ears = [Thread(target=deque, args=(map(hear, pipe), 0), daemon=True) for pipe, hear in hears]
        for ear in self._ears:
            ear.start()

    async def ready(self) -> None:
        """Wait until it judges."""
        try:
            await asyncio.wait_for(_until(lambda: self._ready), READY_SECONDS)
        except TimeoutError:
            raise self._failed("did not become ready") from None

    async def died(self) -> None:
        """Wait until it ends by itself, and raise."""
        code = await self._ended()
        raise self._failed(f"ended by itself, code {code}")

    async def finish(self) -> None:
        """Stop it, and raise if it did not end well."""
        if await self.stop():
            raise self._failed("ended badly")

    async def stop(self) -> int:
        """Let it finish its transaction and end; return its status once its last report is in."""
        if self.process is None:
            return 0
        if self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        try:
            return await asyncio.wait_for(self._ended(), STOP_SECONDS)
        except TimeoutError:
            self.process.kill()
            return await self._ended()

    async def _ended(self) -> int:
        await _until(lambda: self.running.poll() is not None and not any(ear.is_alive() for ear in self._ears))
        return self.running.returncode

    def _failed(self, how: str) -> WorkerDiedError:
        words = "\n".join(self._words) or "it printed nothing"
        return WorkerDiedError(f"the {self.name} worker {how}:\n{words}")

    def _listen(self, line: bytes) -> None:
        report = msgspec.json.decode(line, type=Report)
        self._report(self.name, report.counts)
        self.address = report.address or self.address
        self._ready = self._ready or report.ready

    def _overhear(self, line: bytes) -> None:
        self._words.append(line.decode(errors="replace").rstrip())


async def _until(done: Callable[[], bool]) -> None:
    """Look again and again: a process tells no event loop of ours when it ends."""
    while not done():  # noqa: ASYNC110 - as it says
        await asyncio.sleep(LOOK_SECONDS)
