"""A whole small Tallygate: topics, both workers, projection, gateway; and our own command as a user types it."""

import os
import secrets
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from stream.decisions import Decision
from tests.integration.gateway.gateway_setup import GatewayProcess, setup_on
from tests.integration.readmodel.projections import ReadModelHarness, read_model_on
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import ROOT
from tests.redis.server import RedisServer

TALLYGATE = [sys.executable, "-c", "from agents.cli.main import main; main()"]
EXAMPLE = ROOT / "docs" / "examples" / "parcels-with-mistakes.csv"


def tallygate(
    environment: Mapping[str, str], *arguments: str, given: bytes | None = None, folder: Path = ROOT
) -> "subprocess.CompletedProcess[bytes]":
    """Run a command to its end."""
    return subprocess.run(
        [*TALLYGATE, *arguments],
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        check=False,
    )


class Installation:
    """What runs, and where."""

    def __init__(self, read_model: ReadModelHarness, address: str, tokens: Mapping[str, str], folder: Path) -> None:
        self.read_model = read_model
        self.harness = read_model.harness
        self.address = address
        self.folder = folder
        self.environment = {
            "TALLYGATE_KAFKA__BROKERS": self.harness.broker.address,
            "TALLYGATE_KAFKA__PREFIX": self.harness.topics.prefix,
            "TALLYGATE_REDIS__URL": read_model.redis.url,
        }
        for scope, token in tokens.items():
            (folder / f"{scope}-token").write_text(f"{token}\n")

    def gateway(self, scope: str) -> list[str]:
        """Return the options by which commands reach the gateway."""
        return ["--gateway", self.address, "--token-file", str(self.folder / f"{scope}-token")]

    def run(self, *arguments: str, given: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
        """Run a command with the settings of this installation."""
        return tallygate(self.environment, *arguments, given=given, folder=self.folder)

    def tell(self, *decisions: Decision) -> None:
        """Send decisions by hand, and wait until they are in Redis."""
        self.read_model.send([msgspec.json.encode(each) for each in decisions])
        self.read_model.settle()

    def settled_decisions(self, count: int) -> list[bytes]:
        """Wait until so many decisions are there and in Redis, and return all."""
        found = self.harness.wait_for_decisions(count)
        self.read_model.settle()
        return found

    def applied(self) -> int:
        """Return how many shipment events lie in the topic."""
        return len(self.harness.values(self.harness.topics.shipments))


@contextmanager
def installation_on(broker: Broker, redis: RedisServer, folder: Path) -> Iterator[Installation]:
    """Start everything, and end it."""
    with (
        KafkaHarness(broker, f"t{uuid.uuid4().hex[:8]}", folder) as harness,
        read_model_on(harness, redis) as read_model,
    ):
        harness.create_topics(partitions=4, steps=())
        setup = setup_on(folder, redis.store(harness.topics.prefix), broker.address)
        for step in ("manifest", "withholding"):
            harness.worker(step, step=step, key__secret_file=str(folder / "secret"))
        read_model.project()
        # Tests that ask more often than a person would are not what the limits are for.
        with GatewayProcess(setup, folder / "gateway.log", gateway__headroom_per_minute="1000") as gateway:
            (folder / "docs").symlink_to(ROOT / "docs")
            made = Installation(read_model, gateway.address(), setup.tokens, folder)
            for worker in harness.workers:
                worker.ready()
            yield made


def unique(text: bytes) -> bytes:
    """Return a file of events about bills, persons and a trip of its own, so that tests share no day."""
    mark = secrets.token_hex(3).upper().encode()
    return (
        text.replace(b"ACME", b"T" + mark)
        .replace(b"AF0066", mark)
        .replace(b"Jane", b"Jane" + mark)
        .replace(b"JANE", b"JANE" + mark)
    )
