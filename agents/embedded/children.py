"""The child processes as their parent runs them: started, read, stopped, and never left behind."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from threading import Thread
from typing import Final

import msgspec

from agents.embedded.embedded_errors import ChildDiedError
from agents.embedded.messages import ChildReport, ChildSpec, Counts
from agents.worker.supervisor import Child

PROCESSES: Final = ("manifest", "withholding", "projection", "gateway")
READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 20.0
LOOK_SECONDS: Final = 0.05
_LAST_WORDS: Final = 12


class EmbeddedChild(Child):
    """One child process; a thread calls `report` with its counts. It is not started again after it ends."""

    def __init__(self, spec: ChildSpec, report: Callable[[str, Counts], None]) -> None:
        super().__init__(spec.step, ["agents.embedded.child_process"], apart=True, piped=True)
        self._spec = spec
        self._report = report
        self._ready = False
        self.address = ""
        """Where it serves, if it is the gateway and ready."""
        self._words: deque[str] = deque(maxlen=_LAST_WORDS)
        self._readers: list[Thread] = []

    def start(self) -> None:
        """Start the process, write its settings to it, and read its output."""
        super().start()
        process = self.running
        assert process.stdin and process.stdout and process.stderr  # noqa: S101, PT018 - they are pipes
        process.stdin.write(msgspec.json.encode(self._spec) + b"\n")
        process.stdin.flush()
        readings = ((process.stdout, self._take_report), (process.stderr, self._keep_words))
        self._readers = [Thread(target=deque, args=(map(read, pipe), 0), daemon=True) for pipe, read in readings]
        for reader in self._readers:
            reader.start()

    async def ready(self) -> None:
        """Wait until it is ready."""
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
        """Let it finish its transaction and end; return its status after its last report."""
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
        await _until(lambda: self.running.poll() is not None and not any(reader.is_alive() for reader in self._readers))
        return self.running.returncode

    def _failed(self, how: str) -> ChildDiedError:
        words = "\n".join(self._words) or "it printed nothing"
        return ChildDiedError(f"the {self.name} process {how}:\n{words}")

    def _take_report(self, line: bytes) -> None:
        report = msgspec.json.decode(line, type=ChildReport)
        self._report(self.name, report.counts)
        self.address = report.address or self.address
        self._ready = self._ready or report.ready

    def _keep_words(self, line: bytes) -> None:
        self._words.append(line.decode(errors="replace").rstrip())


async def start_children(
    stack: AsyncExitStack, shared: ChildSpec, report: Callable[[str, Counts], None]
) -> list[EmbeddedChild]:
    """Start a child for each step, the projection and the gateway; the end of the stack stops them.

    `shared` is the specification of each, but for the step.
    """
    children = [EmbeddedChild(msgspec.structs.replace(shared, step=step), report) for step in PROCESSES]
    stack.push_async_callback(_stop, children)
    for child in children:
        child.start()
    return children


async def _stop(children: Sequence[EmbeddedChild]) -> None:
    """Stop all at once: without a broker none of them ends before its time is over."""
    await asyncio.gather(*(child.stop() for child in children))


async def _until(done: Callable[[], bool]) -> None:
    """Poll: a process does not tell our event loop when it ends."""
    while not done():  # noqa: ASYNC110 - as it says
        await asyncio.sleep(LOOK_SECONDS)
