"""The dashboard *Overview*: is it well, is it late, is it exact? Ten seconds, and the way to more.

Each number is the very expression that an alert rule compares, and turns red where that rule would fire.
"""

from typing import Final

from deploy.grafana.alert_limits import Limit, limit_of
from deploy.grafana.board import Dashboard
from deploy.grafana.panels import Panel, Query

_PIPELINE: Final = "tallygate-pipeline"
_WORKERS: Final = "tallygate-workers"
_PROCESSES: Final = "tallygate-processes"
_READERS: Final = "tallygate-readers"

STEPS_UP: Final = 'max by (process) (up{job="tallygate", process=~"manifest|withholding"})'
HALTED: Final = 'max by (step, partition, reason) (tallygate_engine_halted{job="tallygate"})'
ERRORS: Final = "tallygate:gateway_errors:ratio5m"
LAG: Final = "step:tallygate_engine_lag_offsets:sum"
RATE: Final = "step:tallygate_engine_records:rate5m"
SILENCE: Final = 'min by (step, instance) (tallygate_engine_heard_seconds{job="tallygate"} > 0)'
BEHIND: Final = "tallygate:projection_behind_seconds:max"
DELAY: Final = (
    "histogram_quantile(0.99, "
    'sum by (instance, le) (rate(tallygate_gateway_verdict_seconds_bucket{job="tallygate"}[5m])))'
)
STALE: Final = 'sum by (step) (tallygate_engine_stale_offsets{job="tallygate"})'
LETTERS: Final = "tallygate:dead_letters:ratio10m"
FOREIGN: Final = 'sum(increase(tallygate_projection_unreadable_total{job="tallygate"}[15m]))'
FIRING: Final = 'ALERTS{alertstate="firing", alertname=~"Tallygate.+", severity=~"page|ticket"}'
RULES_RUN: Final = 'ALERTS{alertname="TallygateWatchdog"}'


def _or_zero(found: str, runs: str) -> str:
    """Return a query that says 0 where nothing is found while something runs; if that is gone, there is no data."""
    return f"{found} or on () 0 * (max({runs}) > 0)"


def _up(process: str) -> str:
    return f'up{{job="tallygate", process="{process}"}}'


def _stat(title: str, description: str, unit: str, query: str, limit: Limit, more: str, width: int = 6) -> Panel:
    queries = (Query(query),)
    return Panel(title, description, unit, queries, kind="stat", width=width, height=4, limit=limit, more=more)


_WELL: Final = (
    _stat(
        "Both steps run",
        "Yes if at least one worker of the manifest step and one of the withholding step answered within a minute.",
        "short",
        f"min(max_over_time({STEPS_UP}[1m:]) or absent({_up('manifest')}) - 1 or absent({_up('withholding')}) - 1)",
        limit_of("TallygateNoWorker", STEPS_UP),
        _PROCESSES,
    )._replace(words=(("0", "No"), ("1", "Yes"))),
    _stat(
        "Halted partitions",
        "Partitions in which nothing is judged until you run `tallygate resume`.",
        "short",
        f"sum({HALTED})",
        limit_of("TallygatePartitionHalted", HALTED),
        _PIPELINE,
    ),
    _stat(
        "Kafka has been silent for",
        "Time since Kafka last answered a worker, for the worker with the longest time.",
        "s",
        f"max({SILENCE})",
        limit_of("TallygateKafkaAway", SILENCE),
        _PROCESSES,
    ),
    _stat(
        "Requests that fail",
        "Share of requests to the gateway in the last five minutes that it answered with an error of its own (5xx).",
        "percentunit",
        _or_zero(f"({ERRORS} >= 0)", _up("gateway")),
        limit_of("TallygateGatewayErrors", ERRORS),
        _READERS,
    ),
)
_LATE: Final = (
    _stat(
        "Work that waits",
        "How long the slower step needs at its present rate for what waits. Below 1,000 records it counts as nothing.",
        "s",
        _or_zero(f"max(({LAG} > {limit_of('TallygateLagging', LAG).number:g}) / {RATE})", f"{LAG} + 1"),
        limit_of("TallygateLagging", LAG, RATE),
        _PIPELINE,
        8,
    ),
    _stat(
        "Scanners' answers are behind by",
        "Redis, and so every scanner, has everything that was decided this long ago or earlier.",
        "s",
        BEHIND,
        limit_of("TallygateReadModelStale", BEHIND),
        _PIPELINE,
        8,
    ),
    _stat(
        "Decisions reach readers within",
        "99 of 100 live decisions in the last five minutes reached scanners and subscribers within this time.",
        "s",
        _or_zero(f"max({DELAY} >= 0)", _up("gateway")),
        limit_of("TallygateReadersStalled", DELAY),
        _READERS,
        8,
    ),
)
_EXACT: Final = (
    _stat(
        "Offsets behind their tables",
        "Partitions whose committed offset is older than their table. Nothing is judged twice: the workers refuse.",
        "short",
        f"sum({STALE})",
        limit_of("TallygateStaleOffsets", STALE),
        _PIPELINE,
        8,
    ),
    _stat(
        "Events that cannot be judged",
        "Share of the last ten minutes' events that became dead letters. The alert wants more than ten of them, too.",
        "percentunit",
        _or_zero(f"({LETTERS} >= 0)", _up("manifest")),
        limit_of("TallygateDeadLetters", LETTERS),
        _READERS,
        8,
    ),
    _stat(
        "Records of other programs",
        "Records of the last 15 minutes in the decisions and alerts topics that Tallygate did not write.",
        "short",
        FOREIGN,
        limit_of("TallygateForeignRecords", FOREIGN),
        _PIPELINE,
        8,
    ),
)
_ALERTS: Final = (
    Panel(
        "Alerts that fire",
        "docs/runbook.md has a section for each alert. `none` means that the rules run and find nothing. No data means "
        "that no rules run.",
        "short",
        (Query(f'{FIRING} or on () label_replace({RULES_RUN}, "alertname", "none", "", "")'),),
        kind="table",
        width=24,
        height=8,
    ),
)

OVERVIEW: Final = Dashboard(
    "tallygate-overview",
    "Tallygate / Overview",
    "Is it well, is it late, is it exact? A number is red where its alert fires. A click on a number opens the "
    "dashboard that shows more.",
    "now-1h",
    (
        ("Is it well?", _WELL),
        ("Is it late?", _LATE),
        ("Is it exact?", _EXACT),
        ("What fires?", _ALERTS),
    ),
    of_the_rules=True,
)
