"""Pictures of the dashboards, from the Prometheus of a run under load: `make bench ARGS=--pictures`.

Grafana is not needed: the queries are those of the panels, drawn by matplotlib into docs/images.
"""

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import matplotlib as mpl

from deploy.grafana.boards import BOARDS
from tests.bench.drawn_boards import draw
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import PREREQUISITES, ROOT
from tests.prometheus.server import PrometheusServer
from tests.prometheus.system import System
from tests.redis.server import RedisServer
from tests.waiting import wait_for

SECONDS: Final = 90.0
WARM_UP_SECONDS: Final = 20.0
EVENTS_A_SECOND: Final = 200
IMAGES: Final = ROOT / "docs" / "images"
RULES: Final = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yaml"))


def main() -> int:
    """Run the system under load for a while, and draw; exit status 2 if a piece is missing."""
    for piece in ("kafka", "redis", "prometheus"):
        if missing := PREREQUISITES[piece]():
            print(f"no pictures without {piece}: {missing}")
            return 2
    IMAGES.mkdir(parents=True, exist_ok=True)
    mpl.use("agg")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        for file in _drawn(Path(name), stack):
            print(file.relative_to(ROOT))
    return 0


def _drawn(folder: Path, stack: ExitStack) -> list[Path]:
    """Return the files, from a system that works for a while."""
    broker = Broker(folder / "kafka").format().start()
    stack.callback(broker.stop)
    redis = RedisServer(folder).start()
    stack.callback(redis.kill)
    harness = stack.enter_context(KafkaHarness(broker, "pictures", folder))
    harness.create_topics(partitions=4)
    system = stack.enter_context(System(harness, redis, workers=2))
    server = stack.enter_context(PrometheusServer(folder / "prometheus", system.targets, RULES))
    wait_for(lambda: server.up() == system.processes, "every process to answer a scrape")
    with system.load(EVENTS_A_SECOND):
        time.sleep(WARM_UP_SECONDS)
        begin = time.time()
        time.sleep(SECONDS)
        # The numbers are those of now, while the system still works.
        return [draw(server, board, begin, time.time(), IMAGES) for board in BOARDS]
