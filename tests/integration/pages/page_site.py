"""What the pages are tested on: topics, a Redis with its projection, a gateway whose address stays the same."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from stream.decisions import Decision
from tests.integration.gateway.gateway_setup import GatewayProcess, GatewaySetup
from tests.integration.readmodel.projections import ReadModelHarness, read_model_on
from tests.kafka.broker import free_ports
from tests.kafka.harness import KafkaHarness
from tests.redis.server import RedisServer


class PageSite:
    """A read model of the read model with a gateway in front."""

    def __init__(self, read_model: ReadModelHarness, folder: Path) -> None:
        self.read_model = read_model
        self._folder = folder
        (self._port,) = free_ports(1)
        self.address = f"http://127.0.0.1:{self._port}"
        self.setup = GatewaySetup(folder, read_model.harness.broker.address, read_model.prefix, read_model.redis.url)
        self.setup.environment["TALLYGATE_PROGRAMMES"] = '["us-321", "us-gift", "ec"]'
        self.gateways: list[GatewayProcess] = []

    def decide(self, *decisions: Decision, alerts: tuple[bytes, ...] = ()) -> None:
        """Let decisions be committed."""
        self.read_model.send(map(msgspec.json.encode, decisions), alerts)

    def open_gateway(self) -> GatewayProcess:
        """Start a gateway, and wait until it serves."""
        log = self._folder / f"gateway-{len(self.gateways)}.log"
        beats = {"gateway__port": str(self._port), "gateway__heartbeat_seconds": "2"}
        self.gateways.append(GatewayProcess(self.setup, log, **beats))
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
def site_on(harness: KafkaHarness, folder: Path) -> Iterator[PageSite]:
    """Return a site on which everything runs; nothing of it is left behind."""
    redis = RedisServer(folder).start()
    try:
        with read_model_on(harness, redis) as read_model:
            site = PageSite(read_model, folder)
            read_model.project()
            site.open_gateway()
            yield site
            site.kill_gateway()
    finally:
        redis.kill()
