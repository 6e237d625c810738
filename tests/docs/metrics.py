"""The page of metrics: every area of the registry with what each metric is, its unit and what bounds its labels."""

from collections.abc import Iterator
from typing import Final

from agents.metrics.decisions import DECISIONS
from agents.metrics.engine import ENGINE
from agents.metrics.gateway import GATEWAY
from agents.metrics.projection import PROJECTION
from agents.metrics.registry import Area, Metric
from agents.metrics.settings import OFFSETS
from agents.metrics.supervisor import SUPERVISOR
from deploy.grafana.panels import Dashboard
from deploy.grafana.pipeline import PIPELINE
from deploy.grafana.readers import READERS
from deploy.grafana.today import TODAY

BOARDS: Final = (TODAY, PIPELINE, READERS)
AREAS: Final = (DECISIONS, ENGINE, SUPERVISOR, PROJECTION, GATEWAY)

INTRODUCTION: Final = """\
# Metrics

For whoever watches Tallygate. `make docs` writes this page from `agents/metrics`; dashboards are in `deploy/grafana`,
alerts with a [runbook](runbook.md) in `deploy/prometheus`.

With `TALLYGATE_METRICS__PORT=9464` every process serves `/metrics`, `/livez` and `/readyz` on a port of its own, so
that several workers on one host need nothing shared, a dead one takes its series with it, and `up` says which step is
gone. Two workers on one host take two numbers, as they take two names. The gateway serves the same paths on its own
port. Listen on another address than `127.0.0.1` by `TALLYGATE_METRICS__HOST`; nothing in a metric is about anybody,
but whoever reaches the port may read it.

| process | port |
|---|---|
"""

HEALTH: Final = """
`/livez` fails when the watchdog is about to end a worker, or a projection's loop does not turn. `/readyz` fails until
a worker's partitions are taken over and restored, or while a projection does not read all of its partitions; it says
why. A rebalance makes workers unready for moments.

Every scrape also has `process_*` (processor time, memory, open files) and `tallygate_build_info{version, python}`.
The metrics of a worker are read from the engine's own numbers when somebody scrapes: what is counted while records
pass is a decision's kind and three histograms, together below one part in a hundred of the processor time.
"""


DASHBOARDS: Final = """\
## Dashboards

For Grafana mount `deploy/grafana/provisioning` at `/etc/grafana/provisioning` and `deploy/grafana/dashboards` at
`/var/lib/grafana/dashboards/tallygate`, and set `PROMETHEUS_URL` for it. `deploy/prometheus/prometheus.yaml`
is a configuration for one machine; rules and dashboards want the job `tallygate` and the label `process`. The pictures
are drawn from the panels' own queries after two minutes of some 300 events a second on a small machine that did much
else; `make bench ARGS=--pictures` draws them anew.
"""


def metrics_page() -> str:
    """Give the whole page."""
    ports = [f"| {name} | {9464 + offset} |" for name, offset in OFFSETS.items()]
    parts = [INTRODUCTION + "\n".join([*ports, "| gateway | `TALLYGATE_GATEWAY__PORT` |", HEALTH])]
    parts += ["\n".join([DASHBOARDS, *map(_shown, BOARDS)])]
    parts += ["\n".join(_section(area)) for area in AREAS]
    return "\n".join(parts)


def _shown(board: Dashboard) -> str:
    name = board.uid.removeprefix("tallygate-")
    return f"{board.description}\n\n![{board.title}](images/dashboard-{name}.png)\n"


def _section(area: Area) -> Iterator[str]:
    yield from (f"## {area.title}", "", "| metric | kind | unit | labels | |", "|---|---|---|---|---|")
    yield from (_row(metric) for metric in area.metrics if metric.name != "tallygate_build_info")
    yield ""


def _row(metric: Metric) -> str:
    labels = "; ".join(
        f"`{label.name}`: {label.bound or ' '.join(f'`{value}`' for value in label.values)}" for label in metric.labels
    )
    return f"| `{metric.name}` | {metric.kind} | {metric.unit} | {labels} | {metric.meaning} |"
