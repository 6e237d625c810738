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
    Panel(
        "Records by fate",
        "Records a second: applied, stale and dead letters.",
        "short",
        (rate(f"{_E}records_total", "step, fate"),),
    ),
    Panel(
        "Decisions a second",
        "Decisions a second that the withholding step committed.",
        "short",
        (Query('sum(rate(tallygate_decisions_total{job=~"$job"}[$__rate_interval]))', "decisions"),),
    ),
    Panel(
        "Age at the commit",
        "Age of the newest record of the latest transaction at its commit, for the partition with the oldest.",
        "s",
        (_most(f"{_E}event_lag_seconds", "step"),),
    ),
    Panel(
        "Lag by partition",
        "Offsets that are committed to the input topic but not judged. Transaction markers count as offsets too.",
        "short",
        (_most(f"{_E}lag_offsets", "step, partition"),),
    ),
    Panel(
        "Halted partitions",
        "Partitions that are halted until you run `tallygate resume`.",
        "short",
        (Query(f'sum by (step) (max by (step, partition) ({_E}halted{{job=~"$job"}}))', "{{step}}"),),
    ),
)
_TRANSACTIONS: Final = (
    Panel(
        "Transactions",
        "Transactions a second. Records of aborted transactions are judged again.",
        "short",
        (rate(f"{_E}transactions_total", "step, result"),),
    ),
    Panel(
        "Duration of a transaction",
        "Time from the first record to the commit. A slow broker shows here.",
        "s",
        quantiles(f"{_E}transaction_seconds"),
    ),
    Panel(
        "Records a transaction",
        "Input records of one transaction. A large number means that the step has much to do.",
        "short",
        quantiles(f"{_E}transaction_records"),
    ),
    Panel("Size of a fetch", "Approximate memory of one fetch.", "bytes", quantiles(f"{_E}chunk_bytes")),
    Panel("Records of a fetch", "Records of one fetch.", "short", quantiles(f"{_E}chunk_records")),
    Panel(
        "Waiting in lanes",
        "Approximate memory of records that are fetched but not judged. Each partition has a limit.",
        "bytes",
        (_sum(f"{_E}waiting_bytes", "step, instance"),),
    ),
)
_TABLES: Final = (
    Panel("Rows", "Rows of all tables.", "short", (_sum(f"{_E}table_rows", "step"),)),
    Panel("Bytes", "Bytes of all rows, without memory overhead.", "bytes", (_sum(f"{_E}table_bytes", "step"),)),
    Panel(
        "Restore: left to read",
        "Changelog offsets still to be read. Until then no record of these partitions is judged.",
        "short",
        (_sum(f"{_E}restore_left_offsets", "step, instance"),),
    ),
    Panel("Restored rows", "Changelog rows read a second.", "short", (rate(f"{_E}restored_rows_total", "step"),)),
    Panel(
        "Time spent restoring",
        "Seconds spent restoring, a second.",
        "s",
        (rate(f"{_E}restore_seconds_total", "step, instance"),),
    ),
    Panel("Partitions", "Partitions that each worker has.", "short", (_most(f"{_E}partitions", "step, instance"),)),
)
_HEALTH: Final = (
    Panel(
        "Processes",
        "Processes that answer scrapes, by kind.",
        "short",
        (Query('sum by (process) (up{job=~"$job"})', ""),),
    ),
    Panel(
        "Ready",
        "1 while all partitions of a worker are restored, else 0.",
        "short",
        (_most(f"{_E}ready", "step, instance"),),
    ),
    Panel(
        "Ends of processes",
        "Workers that ended by themselves a second, by how they ended.",
        "short",
        (rate("tallygate_supervisor_ends_total", "step, how"),),
    ),
    Panel(
        "Watchdog",
        "How long a worker has had work without progress. At one minute the worker ends itself.",
        "s",
        (_most(f"{_E}watchdog_age_seconds", "step, instance"),),
    ),
    Panel(
        "Since Kafka was heard",
        "Time since Kafka last answered a fetch, for the partition with the longest time.",
        "s",
        (_most(f"{_E}heard_seconds", "step, instance"),),
    ),
    Panel(
        "Longest stop of the event loop",
        "Longest time that judging blocked the event loop, since the process began.",
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
        "Redis, and so every scanner, has everything that was decided this long ago or earlier.",
        "s",
        (_most(f"{_P}behind_seconds", "topic"),),
    ),
    Panel("Lag", "Offsets that are not yet applied in Redis.", "short", (_sum(f"{_P}lag_offsets", "topic"),)),
    Panel(
        "Records and changes",
        "Records applied a second, and those of them that changed the answer for a bill.",
        "short",
        (
            Query(f'sum(rate({_P}records_total{{job=~"$job"}}[$__rate_interval]))', "records"),
            Query(f'sum(rate({_P}changes_total{{job=~"$job"}}[$__rate_interval]))', "changes"),
        ),
    ),
    Panel("Away", "How long Redis or Kafka has not answered.", "s", (_most(f"{_P}away_seconds", "instance"),)),
    Panel(
        "Failures, lookups, fills",
        "A second: requests without an answer, lookups of the offsets in Redis, partitions filled from the beginning.",
        "short",
        tuple(
            Query(f'sum(rate({_P}{name}_total{{job=~"$job"}}[$__rate_interval]))', name)
            for name in ("failures", "placings", "fills")
        ),
    ),
    Panel(
        "Foreign records",
        "Records a second in Tallygate's topics that Tallygate did not write.",
        "short",
        (Query(f'sum(rate({_P}unreadable_total{{job=~"$job"}}[$__rate_interval]))', "records"),),
    ),
)

PIPELINE: Final = Dashboard(
    "tallygate-pipeline",
    "Tallygate / Pipeline",
    "Do events become decisions quickly and exactly once? If not, where do they wait?",
    "now-1h",
    (
        ("Flow", _FLOW),
        ("Transactions", _TRANSACTIONS),
        ("Tables and restore", _TABLES),
        ("Processes", _HEALTH),
        ("Read model", _READ_MODEL),
    ),
)
