"""Runs a sandbox: broker, Redis and the children, started in order, guarded, and all ended."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, NamedTuple

from agents.embedded.children import EmbeddedChild, start_children
from agents.embedded.embedded_broker import PARTITIONS, RunningBroker, embedded_broker
from agents.embedded.embedded_redis import RunningRedis, embedded_redis
from agents.embedded.ending import first_of, stop_signals
from agents.embedded.kept_log import KeptLog
from agents.embedded.messages import GATEWAY_PORT, BrokerReport, ChildSpec
from agents.kafka.connection import Connection
from agents.sandbox.restored_offsets import restore_offsets
from agents.sandbox.sandbox_errors import PortTakenError, SandboxFullError
from agents.sandbox.sandbox_folder import ENV, SandboxFolder, env_of, held_folder
from stream.topics import Topics

HOST: Final = "127.0.0.1"
WARN_PER_CENT: Final = 80
FULL_PER_CENT: Final = 95
"""The broker drops records at 100, and is asked once a second."""
GATHER_MS: Final = 50
"""An idle sandbox is to leave the machine alone."""


class SandboxOptions(NamedTuple):
    """Options of a sandbox."""

    folder: Path
    port: int | None = None
    """Of the gateway; None: 8080, or any if that is taken."""
    reset: bool = False
    """Begin empty."""


class Sandbox:
    """One run of a sandbox."""

    def __init__(self, options: SandboxOptions, show: Callable[[str], None], say: Callable[[str], None]) -> None:
        """Show the text of `.env` with `show`, and what a person should know with `say`."""
        self._options = options
        self._show = show
        self._say = say
        self._stop = asyncio.Event()
        self._topics = Topics()
        self._children: list[EmbeddedChild] = []

    async def run(self) -> None:
        """Run until Ctrl-C or SIGTERM. Raise EmbeddedError, TokenFileError."""
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(held_folder(self._options.folder.absolute()))
            stack.enter_context(stop_signals(self._stop, self._end_at_once))
            if self._options.reset:
                folder.reset()
            elif folder.logs.exists():
                self._check_fill(KeptLog(folder.logs).per_cent_full())
            _check_port(self._options.port)
            await self._perform(stack, folder)
        self._say(f"ended; its data is in {folder.path}")

    async def _perform(self, stack: AsyncExitStack, folder: SandboxFolder) -> None:
        """Start everything in order; the stack ends it in the opposite order in every case."""
        topics = [plan.name for plan in self._topics.plans()]
        tokens = folder.keep_tokens()
        redis = await stack.enter_async_context(embedded_redis())
        broker = await stack.enter_async_context(embedded_broker(topics, folder.logs, (folder.descriptor,)))
        connection = Connection(broker.address, reading={"check_crcs": False})
        await first_of(restore_offsets(connection, self._topics), broker.died(self._check_fill))
        self._children = await start_children(stack, self._spec(broker, redis, folder), lambda *_: None)
        guards = [redis.died(), broker.died(self._check_fill), *(child.died() for child in self._children)]
        await first_of(self._stay(broker, redis, folder, tokens["scan"]), *guards)
        await asyncio.gather(*(child.finish() for child in self._children))

    async def _stay(self, broker: RunningBroker, redis: RunningRedis, folder: SandboxFolder, scan: str) -> None:
        """Wait until all is ready, say how it is reached, and wait for the end."""
        await first_of(self._ready(), self._stop.wait())
        if self._stop.is_set():
            return
        gateway = self._children[-1].address
        self._show(folder.write_env(env_of(broker.address, redis.url, gateway, folder, PARTITIONS)))
        # The page reads the token from behind the #, which browsers do not send to a server.
        self._say(f"ready, and in {folder.path / ENV}; scan at {gateway}/#{scan}; Ctrl-C ends it")
        await self._stop.wait()

    async def _ready(self) -> None:
        await asyncio.gather(*(child.ready() for child in self._children))

    def _spec(self, broker: RunningBroker, redis: RunningRedis, folder: SandboxFolder) -> ChildSpec:
        return ChildSpec(
            "", broker.address, self._topics.prefix, self._topics.epoch, PARTITIONS, str(folder.secret),
            embedded=True, redis=redis.url, tokens_file=str(folder.tokens), gather_ms=GATHER_MS,
            port=self._options.port or GATEWAY_PORT,
        )  # fmt: skip

    def _check_fill(self, report: BrokerReport) -> None:
        """Say that the broker will soon be full. Raise SandboxFullError when it is."""
        if report.per_cent >= FULL_PER_CENT:
            raise SandboxFullError(
                "the sandbox is full, its broker keeps 5 MiB a partition: empty it with --reset, or take a Kafka"
            )
        if report.per_cent >= WARN_PER_CENT:
            self._say(f"{report.per_cent} % full, {report.fullest}: at {FULL_PER_CENT} % it ends")

    def _end_at_once(self) -> None:
        """End at once: a second Ctrl-C."""
        for child in self._children:
            child.kill()


def _check_port(port: int | None) -> None:
    """Raise PortTakenError if nothing can listen at the port."""
    if port is None:
        return
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError as error:
            raise PortTakenError(f"port {port} cannot be used ({error.strerror}): name another with --port") from None
