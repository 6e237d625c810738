"""The whole system as an operator runs it, for a Prometheus to scrape: worker, projection and gateway as processes."""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Self

from agents.settings.metrics_group import OFFSETS
from tests.chaos.customs import CustomsScenario
from tests.integration.gateway.gateway_setup import GatewayProcess, setup_on
from tests.kafka.broker import reserve_port
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import ROOT
from tests.prometheus.callers import Callers
from tests.redis.server import RedisServer

FEED_SECONDS = 0.25
STOP_SECONDS = 60.0


def first_port() -> int:
    """Reserve as many ports in a row as one worker and a projection need."""
    while True:
        first = random.SystemRandom().randrange(20_000, 32_000)
        with suppress(OSError):  # a port of them is in use
            for offset in OFFSETS.values():
                reserve_port(first + offset)
            return first


class System:
    """Processes over the topics of a harness and a Redis; `targets` are where they show their metrics."""

    def __init__(self, harness: KafkaHarness, redis: RedisServer, workers: int = 1) -> None:
        """Prepare; nothing is started yet."""
        self.harness = harness
        self.scenario = CustomsScenario(7, harness)
        self._setup = setup_on(harness.folder, redis.store(harness.topics.prefix), harness.broker.address)
        self._secret = dict(self.scenario.posts[0].settings)["key__secret_file"]
        self._workers = workers
        self._stack = ExitStack()
        self.targets: dict[str, list[str]] = {}
        self.address = ""
        """Of the gateway."""

    def __enter__(self) -> Self:
        for number in range(self._workers):
            first = first_port()
            self._start(f"worker-{number}", first, "worker", "manifest", "withholding", name=str(number))
            self._show(first, "supervisor", "manifest", "withholding")
        first = first_port()
        self._start("projection", first, "projection")
        self._show(first, "projection")
        gateway = self._stack.enter_context(GatewayProcess(self._setup, self.harness.folder / "gateway.log"))
        self.address = gateway.address()
        self.targets["gateway"] = [self.address.removeprefix("http://")]
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    @property
    def processes(self) -> int:
        """How many processes show metrics."""
        return sum(map(len, self.targets.values()))

    def log(self, name: str) -> str:
        """Return what a process has said: `worker-0`, `projection` or `gateway`."""
        return (self.harness.folder / f"{name}.log").read_text(errors="replace")

    @contextmanager
    def load(self, events_a_second: int) -> Iterator[None]:
        """Publish for as long as the block runs, straight and through the gateway, and have answers asked for."""
        stop = threading.Event()

        def feed() -> None:
            while not stop.is_set():
                begun = time.monotonic()
                self.scenario.feed(self.harness, int(events_a_second * FEED_SECONDS))
                stop.wait(max(0.0, begun + FEED_SECONDS - time.monotonic()))

        feeding = threading.Thread(target=feed, daemon=True)
        sound = (event for event in self.scenario.events(8) if event.kind.startswith(("bill.", "conveyance.")))
        feeding.start()
        try:
            with Callers(self.address, self._setup.tokens, sound):
                yield
        finally:
            stop.set()
            feeding.join(STOP_SECONDS)

    def _show(self, first: int, *kinds: str) -> None:
        for kind in kinds:
            self.targets.setdefault(kind, []).append(f"127.0.0.1:{first + OFFSETS[kind]}")

    def _start(self, log: str, first: int, *words: str, name: str = "0") -> None:
        more = {
            "TALLYGATE_METRICS__PORT": str(first),
            "TALLYGATE_WORKER__NAME": name,
            "TALLYGATE_KEY__SECRET_FILE": self._secret,
        }
        command = [sys.executable, "-c", "from agents.cli.main import main; main()", *words]
        with (self.harness.folder / f"{log}.log").open("wb") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=ROOT,
                env={**os.environ, **self._setup.environment, **more},
            )  # fmt: skip
        self._stack.callback(_end, process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop a process in order; one that does not is killed."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
