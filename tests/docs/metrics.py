"""The page of metrics: every area of the registry with what each metric is, its unit and what bounds its labels."""

from collections.abc import Iterator
from typing import Final

from agents.gateway.http.gateway_metrics import GATEWAY
from agents.observability.registry import Area, Metric
from agents.readmodel.projection_metrics import PROJECTION
from agents.settings.metrics_group import OFFSETS
from agents.webhooks.webhook_metrics import WEBHOOKS
from agents.worker.decision_metrics import DECISIONS
from agents.worker.engine_metrics import ENGINE
from agents.worker.supervisor_metrics import SUPERVISOR
from deploy.grafana.board import Dashboard
from deploy.grafana.boards import BOARDS
from state.rules import load_rulebook
from state.withholding.tally import kinds_under

AREAS: Final = (DECISIONS, ENGINE, SUPERVISOR, PROJECTION, WEBHOOKS, GATEWAY)

INTRODUCTION: Final = """\
# Metrics

This page lists every metric, and says how to scrape the processes and set up the dashboards. With
`TALLYGATE_METRICS__PORT=9464` every process serves `/metrics`, `/livez` and `/readyz` on its own port.
Dashboards are in `deploy/grafana`. Alerts are in `deploy/prometheus`; each has a section in the [runbook](runbook.md).
`make docs` writes this page from `agents/observability`.

Because each process has its own port, several workers on one host share nothing. The series of a dead process end with
it, and `up` says which step is gone. The gateway serves the same paths on its own port. To listen on another address
than `127.0.0.1`, set `TALLYGATE_METRICS__HOST`. Metrics hold no personal data, but anyone who can reach the port can
read them.

## Ports

| process | port |
|---|---|
"""

NUMBERS: Final = """
`TALLYGATE_METRICS__PORT` is the first of these ports. On one host give each `tallygate worker` and each
`tallygate projection` a number of its own, as you give two workers two names. Count in tens: 9464 for the first, 9474
for the second, 9484 for the third. A `tallygate worker` that runs only one step needs a number of its own too, because
its supervisor takes the first port. Add the ports of each process to Prometheus's targets.

A process whose port is taken waits for the port for 15 seconds. Then it ends with status 78, and its log says which
number is free. So no process runs unwatched.
"""

HEALTH: Final = """
`/livez` fails when the watchdog is about to end a worker, or when the loop of a projection or of the webhooks is stuck.
`/readyz` of a worker fails until its partitions are taken over and restored. `/readyz` of a projection fails while the
projection does not read all of its partitions, and that of the webhooks while Kafka is away or their file cannot be
read. The answer says why. A rebalance makes workers unready for moments.

Every scrape also has `process_*` (processor time, memory, open files) and
`tallygate_build_info{version, python, compiled}`, where `compiled` is `yes` or `no`. A scrape reads the metrics of a
worker from the engine's own numbers. While records pass, a worker counts only the kind of each decision and three
histograms. Together they take less than one part in a hundred of the processor time.

Every counter shows every set of labels that can occur as 0 from the start, so that `increase()` and `rate()` see its
first rise too. A worker of the withholding step therefore shows {kinds} series of `tallygate_decisions_total` under the
programmes that are enabled unless set, and about 210 more for each further programme. The value in dollars has as many,
for programmes in US dollars.
"""


DASHBOARDS: Final = """\
## Dashboards

In Grafana, mount `deploy/grafana/provisioning` at `/etc/grafana/provisioning` and `deploy/grafana/dashboards` at
`/var/lib/grafana/dashboards/tallygate`, and set `PROMETHEUS_URL`. `deploy/prometheus/prometheus.yaml` is a
configuration for one machine. Rules and dashboards need the job `tallygate` and the label `process`.

All dashboards share one crosshair, link to each other, and show restarts and new versions as vertical lines. *Today*
and *Programmes* begin at midnight in New York, whatever the browser's time zone is. `deploy/grafana` writes them with
the types of Grafana's Foundation SDK.

`make bench ARGS=--pictures` draws the pictures below from the panels' own queries. These pictures were drawn after two
minutes of some 300 events a second, on a small machine that ran many other programs.
"""


def metrics_page() -> str:
    """Return the whole page."""
    ports = [f"| {name} | {9464 + offset} |" for name, offset in OFFSETS.items()]
    parts = [INTRODUCTION + "\n".join([*ports, "| gateway | `TALLYGATE_GATEWAY__PORT` |", NUMBERS + _health()])]
    parts += ["\n".join([DASHBOARDS, *map(_shown, BOARDS)])]
    parts += ["\n".join(_section(area)) for area in AREAS]
    return "\n".join(parts)


def _health() -> str:
    kinds = sum(1 for _ in kinds_under(load_rulebook().programmes.values()))
    return HEALTH.replace("{kinds}", str(kinds))


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
