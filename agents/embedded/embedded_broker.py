"""The embedded broker: librdkafka's mock broker, which comes inside the confluent-kafka wheel, in a process of its own.

It knows produce, fetch, groups and transactions, needs no Java and starts at once. It is not Kafka: it keeps little,
returns open transactions to every reader, writes commit markers without a checksum, and forgets offsets that were
committed in a transaction. Only demo and sandbox may use it, and it proves nothing about exactly once. It lives in
memory; with a folder, `broker_host` copies its logs there every second, and sends them to the next one.
"""

import asyncio
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from agents.embedded.embedded_errors import BrokerError, ChildDiedError, EmbeddedError, LogMovedError
from agents.embedded.messages import BrokerReport, BrokerSpec

PARTITIONS: Final = 4
"""Partitions of every topic of this broker; the number is fixed."""

PARTITION_BYTES_MAX: Final = 5 * 1024 * 1024
"""What it keeps of a partition; it silently drops older batches (`max_size` in librdkafka's rdkafka_mock.c)."""

PARTITION_BATCHES_MAX: Final = 100_000
"""So many batches too (`max_cnt`)."""

HOST: Final = "agents.embedded.broker_host"
START_SECONDS: Final = 20.0
_RESTORE_SECONDS: Final = 120.0
"""A full folder takes some seconds; no loaded machine takes so long."""
_STOP_SECONDS: Final = 20.0
"""It copies its logs a last time."""


class RunningBroker:
    """A broker that runs."""

    def __init__(self, process: Process, address: str) -> None:
        self._process = process
        self.process = process.pid
        self.address = address

    async def died(self, filled: Callable[[BrokerReport], None] = lambda _: None) -> None:
        """Wait until it ends by itself, and raise why; `filled` is called with how full its fullest partition is."""
        while (report := await _report(self._process)) is not None:
            _check(report)
            filled(report)
        raise ChildDiedError(f"the embedded broker ended by itself, code {await self._process.wait()}")


@asynccontextmanager
async def embedded_broker(
    topics: Sequence[str], folder: Path | None = None, held: Sequence[int] = ()
) -> AsyncIterator[RunningBroker]:
    """Run the embedded broker with these topics, the first of which is written by others. Raise EmbeddedError.

    With `folder` it goes on with the logs that are kept there. Its process holds the descriptors `held` until it ends.
    """
    spec = BrokerSpec(list(topics), "" if folder is None else str(folder))
    # In its own session: Ctrl-C goes to its parent, which stops its children in the right order.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", HOST, msgspec.json.encode(spec).decode(), pass_fds=tuple(held),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        seconds = START_SECONDS if folder is None else _RESTORE_SECONDS
        report = await asyncio.wait_for(_report(process), seconds)
        if report is None:
            raise BrokerError("the embedded broker did not start")
        _check(report)
        yield RunningBroker(process, report.address)
    finally:
        await _end(process)


async def _report(process: Process) -> BrokerReport | None:
    """Read its next line; None: it has ended."""
    assert process.stdout is not None  # noqa: S101 - asked for above
    line = await process.stdout.readline()
    return msgspec.json.decode(line, type=BrokerReport) if line else None


def _check(report: BrokerReport) -> None:
    """Raise EmbeddedError if it says why it ends."""
    if report.failed:
        error = EmbeddedError(report.failed)
        error.status = report.status
        raise error


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def check_log_starts(starts: Mapping[Any, int]) -> None:
    """Raise LogMovedError if a partition (topic, number) no longer starts at 0: the broker has dropped records."""
    moved = sorted(f"{topic}/{partition}" for (topic, partition), start in starts.items() if start > 0)
    if moved:
        raise LogMovedError(f"the embedded broker dropped records of {', '.join(moved)}; try fewer bills")
