"""A dashboard drawn by matplotlib: every panel in the place and width that Grafana gives it."""

import math
from pathlib import Path
from typing import Final

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from deploy.grafana.board import COLUMNS, Dashboard
from deploy.grafana.panels import Panel
from tests.prometheus.grafana_variables import concrete
from tests.prometheus.server import PrometheusServer

DOTS_AN_INCH: Final = 80
WIDE_INCHES: Final = 15.6
LINE_INCHES: Final = 0.42
"""Height of one line of Grafana's grid."""
WINDOW: Final = "15s"
STEP_SECONDS: Final = 2.0
MOST_SERIES: Final = 10
UNITS: Final = {"s": "s", "bytes": "B", "reqps": "/s", "cps": "/s", "eps": "/s", "recps": "/s", "rowsps": "/s"}
FACES: Final = {"green": "#d8f0d8", "red": "#f6c6c6"}

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


def draw(server: PrometheusServer, board: Dashboard, begin: float, end: float, folder: Path) -> Path:
    """Draw a dashboard over a time range; return the file."""
    stored = board.as_json()["panels"]
    lines = max(each["gridPos"]["y"] + each["gridPos"]["h"] for each in stored)
    figure = plt.figure(figsize=(WIDE_INCHES, (lines + 2) * LINE_INCHES))
    figure.suptitle(board.title, fontsize=14, fontweight="bold")
    panels = board.panels()
    for each in stored:
        place = each["gridPos"]
        top = 1 - (place["y"] + 2) / (lines + 2)
        if each["type"] == "row":
            figure.text(0.01, top - 0.6 / (lines + 2), each["title"], fontsize=11, fontweight="bold")
            continue
        panel = next(panels)
        if panel.kind == "timeseries":
            _lines(server, panel, _axes(figure, place, lines, 1.3, 1.4), begin, end)
        else:
            _values(server, panel, _axes(figure, place, lines, 0.8, 0.2))
    file = folder / f"dashboard-{board.name}.png"
    figure.savefig(file, dpi=DOTS_AN_INCH)
    plt.close(figure)
    return file


def _axes(figure: Figure, place: dict[str, int], lines: int, above: float, below: float) -> Axes:
    """Return the axes of a panel, with room above for its title and below for its scale."""
    left, right = (0.9, 0.3) if below > 1 else (0.15, 0.15)
    high = place["h"] - above - below
    bottom = 1 - (place["y"] + 2 + above + high) / (lines + 2)
    width = (place["w"] - left - right) / COLUMNS
    return figure.add_axes(((place["x"] + left) / COLUMNS, bottom, width, high / (lines + 2)))


def _values(server: PrometheusServer, panel: Panel, axes: Axes) -> None:
    """Draw large numbers, or the rows of a table, on the colour that Grafana gives them."""
    axes.set_title(panel.title, fontsize=10, loc="left")
    axes.set_xticks([])
    axes.set_yticks([])
    found = [each for query in panel.queries for each in server.query(concrete(query.expression, WINDOW))]
    if panel.kind == "table":
        rows = [f"{labels.get('severity', '')}   {labels.get('alertname', '')}" for labels, _ in found]
        axes.text(0.01, 0.95, "\n".join(rows) or "no data", fontsize=10, va="top", transform=axes.transAxes)
        return
    texts = [f"{labels.get('currency', '')} {_shown(panel, value)}" for labels, value in found[:3]]
    axes.text(0.5, 0.5, "\n".join(texts) or "no data", fontsize=20 if len(texts) < 2 else 11, ha="center", va="center",
              transform=axes.transAxes)  # fmt: skip
    if panel.limit and found:
        axes.set_facecolor(FACES[_colour(panel, found[0][1])])


def _colour(panel: Panel, value: float) -> str:
    config = panel.build().to_json()["fieldConfig"]
    steps = config.defaults.thresholds.steps  # type: ignore[attr-defined]
    return str([step.color for step in steps if step.value is None or value >= step.value][-1])


def _shown(panel: Panel, value: float) -> str:
    if words := dict(panel.words).get(f"{value:g}"):
        return words
    if panel.unit == "percentunit":
        return f"{value:.2%}"
    return EngFormatter(UNITS.get(panel.unit, ""), places=None if value < 1000 and value == int(value) else 2)(value)


def _lines(server: PrometheusServer, panel: Panel, axes: Axes, begin: float, end: float) -> None:
    """Draw series as Grafana would, stacked where it stacks them."""
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
