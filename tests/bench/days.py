"""What a bill costs on a consignee day of 100,000 bills and on one of ten; and for how long one arrival stalls."""

import gc
from collections.abc import Iterable, Iterator
from time import thread_time
from typing import Final, NamedTuple

from agents.engine.step_runner import LOOK_EVERY
from state.manifest.step import ManifestStep
from state.rules.loading import load_rulebook
from state.step import Step
from state.table import Table
from state.withholding import WithholdingStep
from stream.consignee import KeyMaker
from stream.decisions import Policy
from stream.records import Outgoing, PlainRecord, Record, Sink
from tests.bench.kafka_bench import KafkaBench, Look, finished, look_away, waited
from tests.bench.manifest_step import arrival_record, bill_record
from tests.bench.mix import EVENTS_A_JOIN, SECRET, TIMESTAMP, event_row
from tests.bench.report import Figure
from tests.bench.shipments import caught_up, end_offsets

SMALL_DAY: Final = 10
RATIO_GOAL: Final = 2
STALL_GOAL_MS: Final = 100
CONVEYANCE: Final = "air:AF9999:2025-08-20"
ARRIVED: Final = "2025-08-20T11:58:00Z"


class Cost(NamedTuple):
    """What one phase took in the withholding step."""

    seconds: float
    """Of processor time, joining the table included."""
    changelog_bytes: int
    decisions: int
    slice_seconds: float
    """The most processor time between two moments at which the engine would look at the clock, in either step."""


class Runner:
    """One step over its table, measured."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self._table = Table()
        self.seconds = self.slice_seconds = 0.0
        self.changelog_bytes = 0

    def judge(self, records: Iterable[Record]) -> list[Outgoing]:
        """Judge records in transactions of a thousand; give what the step sends."""
        sent: list[Outgoing] = []
        batch: list[Record] = []
        for record in records:
            batch.append(record)
            if len(batch) == EVENTS_A_JOIN:
                self._transact(batch, sent)
                batch = []
        self._transact(batch, sent)
        return sent

    def _transact(self, batch: list[Record], sent: list[Outgoing]) -> None:
        overlay, begin = self._table.overlay(), thread_time()
        for record in batch:
            self._drain(self.step(record, overlay).outputs, sent)
        for key, value in overlay.changes():
            self.changelog_bytes += len(key) + len(value or b"")
        overlay.join()
        self.seconds += thread_time() - begin

    def _drain(self, outputs: Iterable[Outgoing | None], sent: list[Outgoing]) -> None:
        looked, count = thread_time(), 0
        for output in outputs:
            if output is not None:
                sent.append(output)
                count += 1
            if output is None or count % LOOK_EVERY == 0:
                now = thread_time()
                self.slice_seconds, looked = max(self.slice_seconds, now - looked), now
        self.slice_seconds = max(self.slice_seconds, thread_time() - looked)


class Day:
    """A conveyance full of bills, so many for each consignee, on one day."""

    def __init__(self, bills: int, bills_a_consignee: int) -> None:
        rulebook = load_rulebook()
        self._bills, self._consignees = bills, bills // bills_a_consignee
        self._manifest = Runner(ManifestStep(rulebook, KeyMaker(SECRET)))
        self._withholding = Runner(WithholdingStep(rulebook, Policy(), 1, "shipments"))

    def file(self, **more: object) -> Cost:
        """File the bills one by one."""
        return self._judge(
            bill_record(number, number % self._consignees, CONVEYANCE, number, **more) for number in range(self._bills)
        )

    def arrive(self) -> Cost:
        """Let their conveyance arrive."""
        return self._judge([arrival_record(CONVEYANCE, self._bills)])

    def _judge(self, events: Iterable[Record]) -> Cost:
        for runner in (self._manifest, self._withholding):
            runner.seconds, runner.slice_seconds, runner.changelog_bytes = 0.0, 0.0, 0
        posted = [output for output in self._manifest.judge(events) if output.sink is Sink.POSTINGS]
        sent = self._withholding.judge(
            PlainRecord("postings", 0, place, TIMESTAMP, output.key, output.value)
            for place, output in enumerate(posted)
        )
        decisions = sum(output.sink is Sink.DECISIONS for output in sent)
        longest = max(self._manifest.slice_seconds, self._withholding.slice_seconds)
        return Cost(self._withholding.seconds, self._withholding.changelog_bytes, decisions, longest)


def phases(bills: int, bills_a_consignee: int) -> dict[str, Cost]:
    """Return the cost of filing expected bills, of their arrival, and of filing bills that have arrived."""
    day = Day(bills, bills_a_consignee)
    # Everything sent is held here, so that collections would take longer than in a worker, whose stalls show them.
    gc.disable()
    try:
        costs = {"filed, expected": day.file(), "arrival of the conveyance": day.arrive()}
        return costs | {"filed, arrived": Day(bills, bills_a_consignee).file(arrived_at=ARRIVED)}
    finally:
        gc.enable()


def measure(bills: int, runs: int) -> Iterator[Figure]:
    """Yield the ratios of a large day to a small one, in time and in changelog bytes, and the longest slice."""
    taken = [(phases(bills, bills), phases(bills, SMALL_DAY)) for _ in range(runs)]
    for phase in taken[0][0]:
        pairs = [(large[phase], small[phase]) for large, small in taken]
        each = (
            tuple(large.seconds / bills * 1e6 for large, _ in pairs),
            tuple(small.seconds / bills * 1e6 for _, small in pairs),
        )
        words = (
            f"a bill on a consignee day of {bills:,} to one of {SMALL_DAY}: {min(each[0]):.1f} to {min(each[1]):.1f} µs"
        )
        times = tuple(large / small for large, small in zip(*each, strict=True))
        yield Figure(f"{phase}: time", "ratio", times, words, RATIO_GOAL, at_most=True)
        sizes = tuple(large.changelog_bytes / small.changelog_bytes for large, small in pairs)
        large, small = (cost.changelog_bytes / bills for cost in pairs[0])
        words = f"the same, withholding step: {large:.0f} to {small:.0f} bytes"
        yield Figure(f"{phase}: changelog", "ratio", sizes, words, RATIO_GOAL, at_most=True)
    slices = tuple(large["arrival of the conveyance"].slice_seconds * 1000 for large, _ in taken)
    words = f"an arrival of {bills:,} bills of one consignee: the most processor time between two looks at the clock"
    yield Figure("arrival: longest slice", "ms", slices, words, STALL_GOAL_MS, at_most=True)


def stall(kafka_bench: KafkaBench, bills: int, look: Look = look_away) -> dict[str, float]:
    """Let a full conveyance arrive through fresh workers; give the longest stall of each event loop in milliseconds."""
    rows = (event_row(bill_record(number, 0, CONVEYANCE, 0), kafka_bench.partitions) for number in range(bills))
    with kafka_bench.harness() as field:
        topics = field.topics
        kafka_bench.load(field, topics.shipments, rows)
        for step in ("manifest", "withholding"):
            worker = kafka_bench.worker(field, step)
            finished(worker, bills)
            worker.stop()
        workers = {step: kafka_bench.worker(field, step, bench_heartbeat="1") for step in ("withholding", "manifest")}
        kafka_bench.load(field, topics.shipments, [event_row(arrival_record(CONVEYANCE, 0), kafka_bench.partitions)])
        lines = {"manifest": finished(workers["manifest"], 1)}
        ends = end_offsets(field, topics.postings)
        lines["withholding"] = waited(workers["withholding"], lambda line: caught_up(line, ends), "all postings")
        for worker in workers.values():
            worker.stop()
        look(field)
    return {step: line["late_ms"] for step, line in lines.items()}


def measure_stall(kafka_bench: KafkaBench, bills: int, runs: int) -> Iterator[Figure]:
    """Yield the stalls of the workers' event loops."""
    taken = [stall(kafka_bench, bills) for _ in range(runs)]
    words = f"one arrival with {bills:,} bills of one consignee, workers just started; how late a beat of 5 ms came"
    for step in taken[0]:
        samples = tuple(each[step] for each in taken)
        yield Figure(f"arrival: {step} loop stalls", "ms", samples, words, STALL_GOAL_MS, at_most=True)
