"""The dashboard *Workers*: how the workers judge, and what their tables hold."""

from typing import Final

from deploy.grafana.board import Dashboard
from deploy.grafana.panels import PARTITION, WORKER, Panel, added, most, quantiles, rate

_E: Final = "tallygate_engine_"
_OF_ONE: Final = WORKER.chosen
_OF_PART: Final = WORKER.chosen + PARTITION.chosen

_TRANSACTIONS: Final = (
    Panel(
        "Transactions",
        "Transactions a second. Records of aborted transactions are judged again.",
        "cps",
        (rate(f"{_E}transactions_total", "step, result", _OF_ONE),),
    ),
    Panel(
        "Duration of a transaction",
        "Time from the first record to the commit. A slow broker shows here.",
        "s",
        quantiles(f"{_E}transaction_seconds", more=_OF_ONE),
    ),
    Panel(
        "Records a transaction",
        "Input records of one transaction. A large number means that the step has much to do.",
        "short",
        quantiles(f"{_E}transaction_records", more=_OF_ONE),
    ),
    Panel(
        "Size of a fetch",
        "Approximate memory of the records that one request to Kafka brings.",
        "bytes",
        quantiles(f"{_E}chunk_bytes", more=_OF_ONE),
    ),
    Panel(
        "Records of a fetch",
        "Records that one request to Kafka brings.",
        "short",
        quantiles(f"{_E}chunk_records", more=_OF_ONE),
    ),
    Panel(
        "Fetched and waiting",
        "Approximate memory of records that are fetched but not judged. Each partition has a limit.",
        "bytes",
        (added(f"{_E}waiting_bytes", "step, instance", _OF_PART),),
    ),
)
_TABLES: Final = (
    Panel(
        "Rows of the tables",
        "Conveyances, bills and consignee days that the workers remember.",
        "short",
        (added(f"{_E}table_rows", "step", _OF_PART),),
    ),
    Panel(
        "Size of the tables",
        "Bytes of all rows, without memory overhead.",
        "bytes",
        (added(f"{_E}table_bytes", "step", _OF_PART),),
    ),
    Panel(
        "Partitions of each worker",
        "Partitions that each worker has.",
        "short",
        (most(f"{_E}partitions", "step, instance", _OF_ONE),),
    ),
    Panel(
        "Restore: left to read",
        "Changelog offsets still to be read. Until then no record of these partitions is judged.",
        "short",
        (added(f"{_E}restore_left_offsets", "step, instance", _OF_PART),),
    ),
    Panel(
        "Restore: rows a second",
        "Changelog rows read a second.",
        "rowsps",
        (rate(f"{_E}restored_rows_total", "step", _OF_ONE),),
    ),
    Panel(
        "Restore: share of the time",
        "How much of its time each worker spends on restoring its tables.",
        "percentunit",
        (rate(f"{_E}restore_seconds_total", "step, instance", _OF_ONE),),
    ),
)

WORKERS: Final = Dashboard(
    "tallygate-workers",
    "Tallygate / Workers",
    "How much do the workers judge in one transaction, how long does it take, and how large are their tables?",
    "now-1h",
    (("Transactions", _TRANSACTIONS), ("Tables", _TABLES)),
    (WORKER, PARTITION),
)
