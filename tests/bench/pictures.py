"""Pictures of the dashboards' main series, from the Prometheus of a run under load: `make bench ARGS=--pictures`.

Grafana is not needed: the queries are those of the panels, drawn by matplotlib into docs/images.
"""

import math
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter

from deploy.grafana.panels import Dashboard, Panel
from deploy.grafana.pipeline import PIPELINE
from deploy.grafana.readers import READERS
from deploy.grafana.today import TODAY
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import PREREQUISITES, ROOT
from tests.prometheus.grafana_variables import concrete
from tests.prometheus.server import PrometheusServer
from tests.prometheus.system import System
from tests.redis.server import RedisServer
from tests.waiting import wait_for

SECONDS: Final = 90.0
WARM_UP_SECONDS: Final = 20.0
DOTS_AN_INCH: Final = 80
EVENTS_A_SECOND: Final = 200
IMAGES: Final = ROOT / "docs" / "images"
RULES: Final = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yaml"))
COLUMNS: Final = 3
WINDOW: Final = "15s"
STEP_SECONDS: Final = 2.0
MOST_SERIES: Final = 10
UNITS: Final = {"s": "s", "bytes": "B", "reqps": "/s"}

COLOURS: Final = {
    "release": "tab:green",
    "clear": "tab:green",
    "withhold": "tab:orange",
    "warn": "gold",
    "reject": "tab:red",
    "closed": "tab:gray",
    "pending": "tab:blue",
}
"""Of the outcomes, the same everywhere."""

MAIN: Final = {
    TODAY: (
        "At arrival by outcome",
        "Before arrival by outcome",
        "Withheld, warned and rejected by reason",
        "By mode",
        "Value at arrival by outcome",
        "Alerts by kind and programme",
    ),
    PIPELINE: (
        "Records a second",
        "Age at the commit",
        "Lag by partition",
        "Transactions",
        "Duration of a transaction",
        "Records a transaction",
        "Rows",
        "Partitions",
        "Behind",
    ),
    READERS: (
        "Connected",
        "Delay of a decision",
        "Requests by route",
        "Time to answer",
        "Events taken in",
        "Time until acknowledged",
    ),
}
"""The panels that are drawn, of each dashboard."""


def draw(server: PrometheusServer, board: Dashboard, begin: float, end: float) -> Path:
    """Draw the main panels of a dashboard; give the file."""
    panels = {panel.title: panel for panel in board.panels()}
    chosen = [panels[title] for title in MAIN[board]]
    rows = math.ceil(len(chosen) / COLUMNS)
    figure, grid = plt.subplots(rows, COLUMNS, figsize=(5.2 * COLUMNS, 3.4 * rows), layout="constrained", squeeze=False)
    figure.suptitle(board.title, fontsize=14, fontweight="bold")
    for panel, axes in zip(chosen, grid.flat, strict=True):
        _panel(server, panel, axes, begin, end)
    file = IMAGES / f"dashboard-{board.uid.removeprefix('tallygate-')}.png"
    figure.savefig(file, dpi=DOTS_AN_INCH)
    plt.close(figure)
    return file


def _panel(server: PrometheusServer, panel: Panel, axes: Axes, begin: float, end: float) -> None:
    """Draw one panel as Grafana would, stacked where it is."""
    drawn: list[tuple[str, list[float], list[float]]] = []
    for query in panel.queries:
        for labels, points in server.series(concrete(query.expression, WINDOW), begin, end, STEP_SECONDS):
            numbers = [number for _, number in points]
            if any(number > 0 for number in numbers):
                drawn.append((_legend(query.legend, labels), [at - begin for at, _ in points], numbers))
    drawn = sorted(drawn, key=lambda one: -max(number for number in one[2] if not math.isnan(number)))[:MOST_SERIES]
    if panel.stacked:
        _stack(axes, drawn, end - begin)
    else:
        for legend, moments, numbers in drawn:
            axes.plot(moments, numbers, label=legend, linewidth=1.3, color=COLOURS.get(legend))
    axes.set_title(panel.title, fontsize=10, loc="left")
    axes.set_xlim(0, end - begin)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("seconds", fontsize=8)
    if panel.unit in UNITS:
        axes.yaxis.set_major_formatter(EngFormatter(UNITS[panel.unit]))
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.3)
    if drawn:
        axes.legend(fontsize=6.5, loc="best", framealpha=0.7)


def _stack(axes: Axes, drawn: list[tuple[str, list[float], list[float]]], span: float) -> None:
    """Stack series over common moments; where one has no sample it counts as 0."""
    moments = [number * STEP_SECONDS for number in range(int(span / STEP_SECONDS) + 1)]
    layers = []
    for _legend_text, at, numbers in drawn:
        known = {round(moment / STEP_SECONDS): number for moment, number in zip(at, numbers, strict=True)}
        layers.append([known.get(number, 0.0) for number in range(len(moments))])
    if layers:
        legends = [legend for legend, *_ in drawn]
        colours = [COLOURS[each] for each in legends] if COLOURS.keys() >= set(legends) else None
        axes.stackplot(moments, layers, labels=legends, colors=colours, alpha=0.8)


def _legend(pattern: str, labels: dict[str, str]) -> str:
    for name, value in labels.items():
        pattern = pattern.replace(f"{{{{{name}}}}}", value)
    return pattern


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
    end = time.time()
    return [draw(server, board, begin, end) for board in MAIN]
