"""What the measurements are fed with: events of a simulated day or of shops, and the posting records of them."""

from collections.abc import Iterable, Iterator
from random import Random
from typing import Final

from agents.demo.people import Population, PopulationShare
from agents.demo.simulated_day import SimulatedDay
from state.manifest.step import ManifestStep
from state.rules.loading import load_rulebook
from state.table import Table
from stream.consignee import KeyMaker
from stream.partition import partition_of
from stream.records import Outgoing, PlainRecord, Record, Sink
from tests.bench.loading import Row
from tests.bench.manifest_step import arrival_record, bill_record

SECRET: Final = b"a made-up secret of the bench"
TIMESTAMP: Final = 1_755_900_000_000
"""Append time of records that no broker has stamped, in milliseconds: after the simulated day."""
EVENTS_A_JOIN: Final = 1_000
LOAD_BILLS: Final = 300
LOAD_SHOPS: Final = 30

NATIONAL: Final = Population(
    (PopulationShare("shop", 0.013, 4, 40), PopulationShare("warehouse", 0.004, 40, 160)), (0.975, 0.995)
)
"""A peak day of the whole country: 8.4 million bills on 8 million consignee days, so nearly each bill has its own.

The demo's day is spread over fewer consignees, so that a small one shows every kind of decision. How the bills of firms
divide is an assumption; the number of consignees is not.
"""


def day_rows(
    bills: int,
    partitions: int,
    kinds: frozenset[str] | None = None,
    without: frozenset[str] = frozenset(),
    population: Population = NATIONAL,
) -> Iterator[Row]:
    """Yield a simulated day's events in the order of time: of `kinds` only, if given, and none of those in `without`.

    They have as many consignees for each bill as a real day, unless told otherwise.
    """
    for planned in SimulatedDay(Random(1), bills, population):
        if (kinds is None or planned.kind in kinds) and planned.kind not in without:
            yield (partition_of(planned.key, partitions) + planned.shift) % partitions, planned.key, planned.value


def shop_rows(loads: int, partitions: int) -> Iterator[Row]:
    """Yield the events of conveyances that bring ten bills to each of thirty shops: all bills, then the arrivals."""
    names = [f"air:AF{load:05d}:2025-08-20" for load in range(loads)]
    for load, name in enumerate(names):
        for place in range(LOAD_BILLS):
            number, shop = load * LOAD_BILLS + place, load * LOAD_SHOPS + place % LOAD_SHOPS
            yield event_row(bill_record(number, shop, name, 0), partitions)
    for name in names:
        yield event_row(arrival_record(name, 0), partitions)


def event_row(record: Record, partitions: int) -> Row:
    """Return an event as a row to load."""
    key = record.key or b""
    return partition_of(key, partitions), key, record.value or b""


def records_of(rows: Iterable[Row], topic: str) -> Iterator[Record]:
    """Yield the records that rows become in a topic."""
    offsets: dict[int, int] = {}
    for partition, key, value in rows:
        offset = offsets[partition] = offsets.get(partition, -1) + 1
        yield PlainRecord(topic, partition, offset, TIMESTAMP, key, value)


def posting_rows(events: Iterable[Row], partitions: int) -> Iterator[Row]:
    """Yield the posting records that the manifest step makes of these events."""
    step, table = ManifestStep(load_rulebook(), KeyMaker(SECRET), partitions), Table()
    overlay = table.overlay()
    for count, record in enumerate(records_of(events, "shipments"), 1):
        for output in step(record, overlay).outputs:
            if output is not None and output.sink is Sink.POSTINGS:
                yield row_of(output)
        if count % EVENTS_A_JOIN == 0:
            overlay.join()
            overlay = table.overlay()


def row_of(output: Outgoing) -> Row:
    """Return an outgoing record as a row to load."""
    return output.partition, output.key, output.value or b""


def bills_in(posting: bytes) -> int:
    """Count the bills of a posting record."""
    return posting.count(b'"posting":')
