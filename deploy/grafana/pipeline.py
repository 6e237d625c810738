"""The dashboard *Pipeline*: whether events become decisions quickly, and where they wait if they do not."""

from typing import Final

from deploy.grafana.panels import Dashboard, Panel, Query, quantiles, rate

_E: Final = "tallygate_engine_"
_P: Final = "tallygate_projection_"


def _most(metric: str, by: str) -> Query:
    legend = " ".join(f"{{{{{label}}}}}" for label in by.split(", "))
    return Query(f'max by ({by}) ({metric}{{job=~"$job"}})', legend)


def _sum(metric: str, by: str) -> Query:
    legend = " ".join(f"{{{{{label}}}}}" for label in by.split(", "))
    return Query(f'sum by ({by}) ({metric}{{job=~"$job"}})', legend)


_FLOW: Final = (
    Panel(
        "Records a second",
        "Input records judged in committed transactions, by step.",
        "short",
        (rate(f"{_E}records_total", "step"),),
    ),
    Panel("Records by fate", "Applied, stale and dead letters.", "short", (rate(f"{_E}records_total", "step, fate"),)),
    Panel(
        "Decisions a second",
        "Decisions committed by the withholding step.",
        "short",
        (Query('sum(rate(tallygate_decisions_total{job=~"$job"}[$__rate_interval]))', "decisions"),),
    ),
    Panel(
        "Age at the commit",
        "How old the newest record of the latest transaction was when it was committed, the oldest of all partitions.",
        "s",
        (_most(f"{_E}event_lag_seconds", "step"),),
    ),
    Panel(
        "Lag by partition",
        "Offsets that are committed to the input and not judged. Markers count as offsets too.",
        "short",
        (_most(f"{_E}lag_offsets", "step, partition"),),
    ),
    Panel(
        "Halted partitions",
        "Partitions that stand still until `tallygate resume`.",
        "short",
        (Query(f'sum by (step) (max by (step, partition) ({_E}halted{{job=~"$job"}}))', "{{step}}"),),
    ),
)
_TRANSACTIONS: Final = (
    Panel(
        "Transactions",
        "Transactions a second; aborted ones are judged again.",
        "short",
        (rate(f"{_E}transactions_total", "step, result"),),
    ),
    Panel(
        "Duration of a transaction",
        "From its first record to its commit: a slow broker shows here.",
        "s",
        quantiles(f"{_E}transaction_seconds"),
    ),
    Panel(
        "Records a transaction",
        "Input records; many mean that the step has much to do.",
        "short",
        quantiles(f"{_E}transaction_records"),
    ),
    Panel("Size of a fetch", "About the memory of one fetch.", "bytes", quantiles(f"{_E}chunk_bytes")),
    Panel("Records of a fetch", "Records of one fetch.", "short", quantiles(f"{_E}chunk_records")),
    Panel(
        "Waiting in lanes",
        "About the memory of what is fetched and not judged; each partition is bounded.",
        "bytes",
        (_sum(f"{_E}waiting_bytes", "step, instance"),),
    ),
)
_TABLES: Final = (
    Panel("Rows", "Rows of all tables.", "short", (_sum(f"{_E}table_rows", "step"),)),
    Panel("Bytes", "Bytes of all rows, without what keeping them costs.", "bytes", (_sum(f"{_E}table_bytes", "step"),)),
    Panel(
        "Restore: left to read",
        "Offsets of changelogs still to be read; nothing of these partitions is judged meanwhile.",
        "short",
        (_sum(f"{_E}restore_left_offsets", "step, instance"),),
    ),
    Panel("Restored rows", "Changelog rows read, a second.", "short", (rate(f"{_E}restored_rows_total", "step"),)),
    Panel(
        "Time spent restoring",
        "Seconds of restoring in a second.",
        "s",
        (rate(f"{_E}restore_seconds_total", "step, instance"),),
    ),
    Panel("Partitions", "Partitions that each worker has.", "short", (_most(f"{_E}partitions", "step, instance"),)),
)
_HEALTH: Final = (
    Panel("Processes", "Processes that answer, by kind.", "short", (Query('sum by (process) (up{job=~"$job"})', ""),)),
    Panel(
        "Ready", "1 while all partitions of a worker are restored.", "short", (_most(f"{_E}ready", "step, instance"),)
    ),
    Panel(
        "Ends of processes",
        "Workers that ended by themselves, a second, by how.",
        "short",
        (rate("tallygate_supervisor_ends_total", "step, how"),),
    ),
    Panel(
        "Watchdog",
        "How long there has been work and no progress; at a minute the worker ends itself.",
        "s",
        (_most(f"{_E}watchdog_age_seconds", "step, instance"),),
    ),
    Panel(
        "Since Kafka was heard",
        "Time since the last answered fetch, the longest of all partitions.",
        "s",
        (_most(f"{_E}heard_seconds", "step, instance"),),
    ),
    Panel(
        "Longest stop of the event loop",
        "By judging, since the process began.",
        "s",
        (_most(f"{_E}longest_stall_seconds", "step, instance"),),
    ),
    Panel(
        "Processor",
        "Cores that each process uses.",
        "short",
        (rate("process_cpu_seconds_total", "process, instance"),),
        width=12,
    ),
    Panel(
        "Memory",
        "Resident memory of each process.",
        "bytes",
        (_sum("process_resident_memory_bytes", "process, instance"),),
        width=12,
    ),
)
_READ_MODEL: Final = (
    Panel(
        "Behind",
        "Everything decided so long ago or earlier is in Redis; scanners see as much.",
        "s",
        (_most(f"{_P}behind_seconds", "topic"),),
    ),
    Panel("Lag", "Offsets not yet in Redis.", "short", (_sum(f"{_P}lag_offsets", "topic"),)),
    Panel(
        "Records and changes",
        "Records applied, and what of it changed a bill's answer, a second.",
        "short",
        (
            Query(f'sum(rate({_P}records_total{{job=~"$job"}}[$__rate_interval]))', "records"),
            Query(f'sum(rate({_P}changes_total{{job=~"$job"}}[$__rate_interval]))', "changes"),
        ),
    ),
    Panel("Away", "How long Redis or Kafka has been away.", "s", (_most(f"{_P}away_seconds", "instance"),)),
    Panel(
        "Failures, lookups, fills",
        "Requests without an answer, looks at where Redis stands, partitions filled anew; a second.",
        "short",
        tuple(
            Query(f'sum(rate({_P}{name}_total{{job=~"$job"}}[$__rate_interval]))', name)
            for name in ("failures", "placings", "fills")
        ),
    ),
    Panel(
        "Foreign records",
        "Records of our topics that are none of ours, a second.",
        "short",
        (Query(f'sum(rate({_P}unreadable_total{{job=~"$job"}}[$__rate_interval]))', "records"),),
    ),
)

PIPELINE: Final = Dashboard(
    "tallygate-pipeline",
    "Tallygate / Pipeline",
    "Whether events become decisions quickly, exactly once, and where they wait if they do not.",
    "now-1h",
    (
        ("Flow", _FLOW),
        ("Transactions", _TRANSACTIONS),
        ("Tables and restore", _TABLES),
        ("Processes", _HEALTH),
        ("Read model", _READ_MODEL),
    ),
)
