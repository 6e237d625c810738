"""What a worker shows: the engine's counts as they stand at a scrape, and what its step has decided.

Nothing but three histograms is counted as records pass: the engine keeps its own numbers anyway, in `EngineProgress`.
"""

from collections.abc import Callable, Iterable, Iterator
from time import time
from typing import Final

from prometheus_client.metrics_core import Metric as Family

from agents.engine.engine_progress import EngineProgress, PartitionProgress, SilentObserver
from agents.observability.registry import COUNTS, QUICK, Area, Label, MetricKind
from agents.worker.decision_metrics import Tallied
from state.step import Step
from stream.records import Fate

ENGINE: Final = Area("engine", "Workers")

_STEP = Label("step", bound="`manifest` and `withholding`")
_PARTITION = Label("partition", bound="the partitions of the input topic")
_HALTS: Final = ("ceiling", "poison", "unreadable")

Numbers = Callable[[PartitionProgress], float]


def _read(kind: MetricKind, name: str, unit: str, meaning: str, *labels: Label) -> Callable[..., Family]:
    """Declare a metric of a worker; the first label is its step."""
    return ENGINE.read(kind, f"tallygate_engine_{name}", unit, meaning, _STEP, *labels).family


_records = _read(
    MetricKind.COUNTER,
    "records_total",
    "records",
    "Input records judged in committed transactions, by fate. The code says why a record is stale or a dead letter.",
    Label("fate", tuple(Fate)),
    Label("code", bound="the codes of dead letters, and a few codes of the steps"),
)
_transactions = _read(
    MetricKind.COUNTER,
    "transactions_total",
    "transactions",
    "Transactions, by result.",
    Label("result", ("committed", "aborted")),
)
_outputs = _read(
    MetricKind.COUNTER,
    "outputs_total",
    "records",
    "Records sent in committed transactions, including changelog records.",
)
_restored = _read(MetricKind.COUNTER, "restored_rows_total", "rows", "Changelog records read to restore tables.")
_restoring = _read(MetricKind.COUNTER, "restore_seconds_total", "seconds", "Time spent restoring tables.")
_settled = _read(
    MetricKind.GAUGE, "ready", "boolean", "1 while all assigned partitions are taken over and restored, else 0."
)
_partitions = _read(MetricKind.GAUGE, "partitions", "partitions", "Partitions that the worker has.")
_stale = _read(
    MetricKind.GAUGE,
    "stale_offsets",
    "partitions",
    "Partitions whose table is ahead of the group's committed offset. Workers ask again, nothing is judged.",
)
_stalled = _read(
    MetricKind.GAUGE,
    "watchdog_age_seconds",
    "seconds",
    "How long the worker has had work without progress; else 0.",
)
_stall = _read(
    MetricKind.GAUGE, "longest_stall_seconds", "seconds", "Longest time for which judging blocked the event loop."
)
_halted = _read(
    MetricKind.GAUGE,
    "halted",
    "boolean",
    "1 while the partition is halted; `tallygate resume` ends it.",
    _PARTITION,
    Label("reason", _HALTS),
)

_GAUGES: Final[tuple[tuple[Callable[..., Family], Numbers], ...]] = tuple(
    (_read(MetricKind.GAUGE, name, unit, meaning, _PARTITION), number)
    for name, unit, meaning, number in (
        (
            "lag_offsets",
            "offsets",
            "Lag: offsets between the last record judged and the last stable offset, at the latest fetch.",
            lambda each: each.offset_lag,
        ),
        (
            "event_lag_seconds",
            "seconds",
            "Age of the newest record of the latest transaction at its commit, by the broker's timestamp.",
            lambda each: each.event_lag_ms / 1000,
        ),
        (
            "heard_seconds",
            "seconds",
            "Time since the broker last answered a fetch of the partition.",
            lambda each: 0.0 if each.heard_ms is None else max(0.0, time() - each.heard_ms / 1000),
        ),
        ("waiting_records", "records", "Records fetched but not judged yet.", lambda each: each.waiting_records),
        ("waiting_bytes", "bytes", "Approximate memory of the records that wait.", lambda each: each.waiting_bytes),
        ("table_rows", "rows", "Rows in the partition's table.", lambda each: each.table_rows),
        ("table_bytes", "bytes", "Bytes of the rows in the partition's table.", lambda each: each.table_bytes),
        (
            "restore_left_offsets",
            "offsets",
            "Changelog offsets still to be read to restore the partition's table.",
            lambda each: each.restore_left,
        ),
    )
)

_transaction_seconds = ENGINE.spread(
    "tallygate_engine_transaction_seconds",
    "seconds",
    "Time from a transaction's first record to its commit.",
    QUICK,
    _STEP,
)
_transaction_records = ENGINE.spread(
    "tallygate_engine_transaction_records", "records", "Input records of a transaction.", COUNTS, _STEP
)
_chunk_records = ENGINE.spread(
    "tallygate_engine_chunk_records", "records", "Records of one fetch of a partition.", COUNTS, _STEP
)
_chunk_bytes = ENGINE.spread(
    "tallygate_engine_chunk_bytes",
    "bytes",
    "Approximate memory of one fetch of a partition.",
    (1e3, 1e4, 1e5, 1e6, 1e7),
    _STEP,
)


class EngineMetrics(SilentObserver):
    """Observes one engine and shows it; the only one of its process."""

    def __init__(self, step: Step) -> None:
        self._step = step.name
        self._fates = step.fates
        self._tallied = Tallied.of(step)
        self._records = 0
        self._look: Callable[[], EngineProgress] = EngineProgress
        self._age: Callable[[], float] = float
        self._committed = _transaction_seconds.under(self._step)
        self._judged = _transaction_records.under(self._step)
        self._chunk_records = _chunk_records.under(self._step)
        self._chunk_bytes = _chunk_bytes.under(self._step)
        self.reading = ENGINE.reads(self.families)

    def attached(self, look: Callable[[], EngineProgress], watchdog_age: Callable[[], float]) -> None:
        """Take the counts from `look`, which may be called in any thread, and the watchdog's age in seconds."""
        self._look, self._age = look, watchdog_age

    def committed(self, progress: EngineProgress, seconds: float) -> None:
        """Count a transaction."""
        records, self._records = progress.records - self._records, progress.records
        self._committed(seconds)
        self._judged(records)
        if self._tallied is not None:
            self._tallied.keep()

    def aborted(self) -> None:
        """Drop what was decided in vain."""
        if self._tallied is not None:
            self._tallied.drop()

    def fetched(self, records: int, size: int) -> None:
        """Count a chunk."""
        self._chunk_records(records)
        self._chunk_bytes(size)

    def families(self) -> Iterable[Family]:
        """Return what a scrape shows; called in the thread that serves it."""
        progress = self._look()
        yield from self._of_worker(progress)
        yield from self._of_partitions(progress)
        if self._tallied is not None:
            yield from self._tallied.families()

    def _of_worker(self, progress: EngineProgress) -> Iterator[Family]:
        step = self._step
        fates = dict.fromkeys(self._fates, 0) | dict(progress.fates)
        yield _records(((step, fate, code), number) for (fate, code), number in fates.items())
        results = (("committed", progress.transactions), ("aborted", progress.aborted))
        yield _transactions(((step, result), number) for result, number in results)
        for family, number in (
            (_outputs, progress.outputs),
            (_restored, progress.restored_rows),
            (_restoring, progress.restore_seconds),
            (_settled, float(progress.settled)),
            (_partitions, len(progress.partitions)),
            (_stale, progress.stale_offsets),
            (_stalled, self._age()),
            (_stall, progress.stall_ms / 1000),
        ):
            yield family([((step,), number)])

    def _of_partitions(self, progress: EngineProgress) -> Iterator[Family]:
        step, partitions = self._step, dict(progress.partitions)
        for family, number in _GAUGES:
            yield family(((step, str(each)), number(known)) for each, known in partitions.items())
        yield _halted(
            ((step, str(each), reason), float(known.halted == reason))
            for each, known in partitions.items()
            for reason in _HALTS
        )
