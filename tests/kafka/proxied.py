"""A broker whose clients can be cut off: one listener lies behind a relay that can fall silent, or hang up."""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.kafka.broker import Broker, free_ports
from tests.prerequisites import KAFKA_JARS

LISTENER = """
listeners=PLAINTEXT://127.0.0.1:{port},RELAYED://127.0.0.1:{behind},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},RELAYED://127.0.0.1:{relay}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,RELAYED:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
"""
PIECE_BYTES = 1 << 16


class Relay:
    """Passes bytes between clients and one port, in a thread of its own, unless the line is cut."""

    def __init__(self, port: int, behind: int) -> None:
        """Listen on `port` for what is to go to `behind`."""
        self._ports = port, behind
        self._loop = asyncio.new_event_loop()
        self._open, self._over = asyncio.Event(), asyncio.Event()
        self._open.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Let nothing through any more: connections stay, and say nothing."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def mend(self) -> None:
        """Let everything through again, what was held back first."""
        self._loop.call_soon_threadsafe(self._open.set)

    def hang_up(self) -> None:
        """Close every connection that there is."""
        self._loop.call_soon_threadsafe(self._close)

    def stop(self) -> None:
        """End the thread, and with it every connection."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def _close(self) -> None:
        for writer in self._writers:
            writer.close()

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._listen())

    async def _listen(self) -> None:
        server = await asyncio.start_server(self._taken, "127.0.0.1", self._ports[0])
        await self._over.wait()
        server.close()
        self._close()

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._open.wait()
            there, away = await asyncio.open_connection("127.0.0.1", self._ports[1])
            self._writers.add(away)
            await asyncio.gather(self._pass(reader, away), self._pass(there, writer))
            self._writers.discard(away)
        except OSError:
            writer.close()
        finally:
            self._writers.discard(writer)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE_BYTES):
                await self._open.wait()
                writer.write(piece)
                await writer.drain()
        writer.close()


class ProxiedBroker(Broker):
    """A broker with a second listener behind a relay; `relayed` is its address for those who may be cut off."""

    def __init__(self, folder: Path, jars: Path = KAFKA_JARS, extra: str = "", formatting: Sequence[str] = ()) -> None:
        """Prepare as `Broker` does; the relay runs from now on."""
        super().__init__(folder, jars, extra, formatting)
        self._relay_port, self._behind = free_ports(2)
        self.relayed = f"127.0.0.1:{self._relay_port}"
        self.relay = Relay(self._relay_port, self._behind)

    def properties(self) -> str:
        """Add the second listener."""
        ports = {"port": self.port, "controller": self.controller, "behind": self._behind, "relay": self._relay_port}
        return super().properties() + LISTENER.format(**ports)

    def stop(self) -> None:
        """Stop the relay as well."""
        super().stop()
        self.relay.stop()
