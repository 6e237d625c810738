"""What the pages are tested on: topics, a Redis with its projection, a gateway whose address stays the same."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from stream.decisions import Decision
from tests.integration.gateway.gateways import Gate, GatewayProcess
from tests.integration.readmodel.stage import Stage, stage_on
from tests.kafka.broker import free_ports
from tests.kafka.field import Field
from tests.redis.server import RedisServer


class PageSite:
    """A stage of the read model with a gateway in front."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self._folder = folder
        (self._port,) = free_ports(1)
        self.address = f"http://127.0.0.1:{self._port}"
        self.gate = Gate(folder, stage.field.broker.address, stage.prefix, stage.redis.url)
        self.gateways: list[GatewayProcess] = []

    def decide(self, *decisions: Decision, alerts: tuple[bytes, ...] = ()) -> None:
        """Let decisions be committed."""
        self.stage.send(map(msgspec.json.encode, decisions), alerts)

    def open_gateway(self) -> GatewayProcess:
        """Start a gateway, and wait until it serves."""
        log = self._folder / f"gateway-{len(self.gateways)}.log"
        beats = {"gateway__port": str(self._port), "gateway__heartbeat_seconds": "2"}
        self.gateways.append(GatewayProcess(self.gate, log, **beats))
        self.gateways[-1].address()
        return self.gateways[-1]

    def signal_gateway(self, number: signal.Signals) -> None:
        """Send it a signal, such as one that freezes it."""
        self.gateways[-1].process.send_signal(number)

    def kill_gateway(self) -> None:
        """End it with kill -9."""
        self.gateways[-1].process.kill()
        self.gateways[-1].process.wait()


@contextmanager
def site_on(field: Field, folder: Path) -> Iterator[PageSite]:
    """Return a site on which everything runs; nothing of it is left behind."""
    redis = RedisServer(folder).start()
    try:
        with stage_on(field, redis) as stage:
            site = PageSite(stage, folder)
            stage.project()
            site.open_gateway()
            yield site
            site.kill_gateway()
    finally:
        redis.kill()
