"""The withholding step: posting records in, decisions and alerts out, over the table of consignee days."""

from collections.abc import Iterator

from hashlib import sha256
from typing import Final
from weakref import WeakKeyDictionary

import msgspec

from state.rules.rulebook import Rulebook
from state.table import PARTITION_ROOT, Group, Overlay, Table
from state.withholding.bill import ROW_FORMAT
from state.withholding.book import Book
from state.withholding.deciding import Deciding
from state.withholding.judging import Judging
from state.withholding.sweeping import Sweep
from stream.days import day_of_micros
from stream.decisions import Policy
from stream.instants import to_micros
from stream.postings import Posting
from stream.records import Fate, Outgoing, Record, Result, Sink

STREAM_TIME: Final = b"time"
"""Suffix of the partition's own row that holds stream time."""

INDEX_ROWS_MIN: Final = 8
"""The book of a group with more rows than this is kept between postings; a smaller one is quicker built anew."""

_TIME_BYTES: Final = 9
_BREATH: Final = 250

_decode = msgspec.json.Decoder(Posting).decode


class WithholdingStep:
    """Judges posting records; every decision is a function of the records before it and of the arguments here."""

    name: str = "withholding"

    def __init__(  # noqa: PLR0913 - each is a fact of its own that decisions depend on
        self,
        rulebook: Rulebook,
        policy: Policy,
        epoch: int,
        shipments_topic: str,
        key_fingerprint: str = "",
        index_rows_min: int = INDEX_ROWS_MIN,
    ) -> None:
        rulebook = rulebook.as_of(policy.as_of).with_enforcement(policy.enforcement)
        self._deciding = Deciding(rulebook, policy, epoch, shipments_topic)
        self._index_rows_min = index_rows_min
        self._sweeps: WeakKeyDictionary[Table, Sweep] = WeakKeyDictionary()
        parts = [key_fingerprint, f"withholding rows {ROW_FORMAT}", msgspec.json.encode(policy).decode()]
        self.fingerprint: str = sha256("\n".join(parts).encode()).hexdigest()[:16]

    def __call__(self, record: Record, table: Overlay) -> Result:
        """Judge a posting record; a record that cannot be read is our own fault and raises."""
        posting = _decode(record.value or b"")
        today = _advance(table.group(PARTITION_ROOT), to_micros(posting.time))
        root = posting.consignee.encode()
        group = table.group(root)
        policy = self._deciding.policy
        if group.row_count_at_most() <= self._index_rows_min:
            table.drop_index(root)
            book = Book(policy.overflow, policy.rounding)
            judging = Judging(self._deciding, posting, group, book, today)
            for _ in book.build(group, today - self._deciding.rulebook.open_days, judging.rows):
                pass
            outputs = self._outputs(judging, record, posting, book)
            if len(posting.bills) == 1:
                outputs = iter(list(outputs))
            return Result(Fate.APPLIED, "no-op" if judging.no_ops else "", outputs)
        return Result(Fate.APPLIED, "", self._indexed(record, posting, table, today))

    def _indexed(self, record: Record, posting: Posting, table: Overlay, today: int) -> Iterator[Outgoing | None]:
        """Judge a posting of a large group, whose book is kept; builds it, with breath, where it is not."""
        policy = self._deciding.policy
        root = posting.consignee.encode()
        group = table.group(root)
        first_open = today - self._deciding.rulebook.open_days
        book = table.index(root)
        if not isinstance(book, Book):
            book = Book(policy.overflow, policy.rounding)
            for _ in book.build(group, first_open):
                yield None
        book.close_before(first_open)
        yield from self._outputs(Judging(self._deciding, posting, group, book, today), record, posting, book)
        table.keep_index(root, book, book.weight)

    def _outputs(self, judging: Judging, record: Record, posting: Posting, book: Book) -> Iterator[Outgoing | None]:
        deciding = self._deciding
        partition = record.partition
        cause = deciding.cause(posting)
        judging.judge()
        for number, (bill, day) in enumerate(judging.outputs(), 1):
            value = deciding.decide(bill, day, posting, cause, book)
            yield Outgoing(Sink.DECISIONS, partition, bill.bill.encode(), value)
            if number % _BREATH == 0:
                yield None
        consignee = posting.consignee.encode()
        for alert in judging.alerts():
            yield Outgoing(Sink.ALERTS, partition, consignee, alert)

    def sweep(self, table: Overlay, budget: int) -> int:
        """Remove rows of closed days: one pass over the table whenever stream time enters a new day."""
        row = table.group(PARTITION_ROOT).get(STREAM_TIME)
        if row is None:
            return 0
        today = _today(row)
        sweep = self._sweeps.get(table.table)
        if sweep is None or sweep.today != today:
            sweep = Sweep(today, today - self._deciding.rulebook.open_days, table.roots())
            self._sweeps[table.table] = sweep
        return sweep.step(table, budget)


def _advance(partition: Group, micros: int) -> int:
    """Stream time, the highest event time so far, with this record; gives the ordinal of its Eastern date."""
    row = partition.get(STREAM_TIME)
    if row is None or micros > int.from_bytes(row, "big", signed=True):
        row = micros.to_bytes(_TIME_BYTES, "big", signed=True)
        partition.put(STREAM_TIME, row)
    return _today(row)


def _today(row: bytes) -> int:
    return day_of_micros(int.from_bytes(row, "big", signed=True)).toordinal()
