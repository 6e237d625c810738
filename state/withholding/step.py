"""The withholding step: posting records in, decisions and alerts out, over the table of consignee days."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

import msgspec

from state.rules.rulebook import Rulebook
from state.table import PARTITION_ROOT, Group, Overlay
from state.withholding.book import Book
from state.withholding.copies import Copies
from state.withholding.days import Days, PlainDays
from state.withholding.deciding import Deciding
from state.withholding.fast_path import judge_fast
from state.withholding.judging import Judging
from state.withholding.rows import ROW_FORMAT
from state.withholding.sweeping import Sweep
from stream.days import day_of_micros
from stream.decisions import STRUCTURED, Policy
from stream.instants import to_micros
from stream.partition import partition_of
from stream.postings import Posting
from stream.records import Fate, Outgoing, Record, Result, Sink

STREAM_TIME: Final = b"time"
"""Suffix of the partition's own row that holds stream time."""

INDEX_ROWS_MIN: Final = 8
"""The book of a group with more rows than this is kept between postings; a smaller book is faster to build again."""

FAST_PATH_ROWS: Final = 4
"""The fast path takes groups of up to this many times more rows: it is so much faster than to build a book."""

NO_OP: Final = "no-op"
"""Code of a record that withdraws a bill that is not here, or that is on a closed day."""

_APPLIED: Final = Fate.APPLIED
_DECISIONS: Final = Sink.DECISIONS
_TIME_BYTES: Final = 9
_YIELD_EVERY: Final = 250
"""Outputs between two yields of None."""

_json = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Posting).decode


class WithholdingStep:
    """Judges posting records. Every decision is a function of the records up to it and of the arguments here."""

    name: str = "withholding"
    reads: tuple[str, ...] = ()

    def __init__(
        self,
        rulebook: Rulebook,
        policy: Policy,
        epoch: int,
        shipments_topic: str,
        key_fingerprint: str = "",
        index_rows_min: int = INDEX_ROWS_MIN,
        partitions: int | None = None,
    ) -> None:
        """Set what decisions depend on; `partitions` is that of the decisions topic, None where there is no broker."""
        rulebook = rulebook.as_of(policy.as_of).with_enforcement(policy.enforcement)
        self._deciding = Deciding(rulebook, policy, epoch, shipments_topic)
        self.tally = self._deciding.tally
        """Counts of decisions and alerts; a runner may drain it."""
        self._partitions = partitions
        self._index_rows_min = index_rows_min
        self._fast_path_rows_max = FAST_PATH_ROWS * index_rows_min
        # What `_today` found last, so that the records of one transaction need not look it up again.
        self._overlay: Overlay | None = None
        self._stream_time: int | None = None
        self._date = 0
        parts = [key_fingerprint, f"withholding rows {ROW_FORMAT}", msgspec.json.encode(policy).decode()]
        self.fingerprint: str = sha256("\n".join(parts).encode()).hexdigest()[:16]

    def __call__(self, record: Record, table: Overlay) -> Result:
        """Judge a posting record. Raise for a record that cannot be read: that is our own fault."""
        posting = _decode(record.value or b"")
        today = self._today(table, posting)
        root = posting.consignee.encode()
        group, kept = table.group(root), table.index(root)
        count = group.row_count_at_most()
        if kept is None and len(posting.bills) == 1 and count <= self._fast_path_rows_max:
            fast = judge_fast(self._deciding, posting, group, today)
            if fast is not None:
                bill, total = fast
                value = self._deciding.decide_fast(bill, total, posting, _json(posting.time).decode())
                return Result(_APPLIED, "", (self._decision(bill.bill, value, record),))
        # A kept book must see every change, so it is used even when few rows are left.
        if kept is not None or count > self._index_rows_min:
            return self._indexed(record, posting, table, group, kept, today)
        policy = self._deciding.policy
        copies = Copies(group, today, today - self._deciding.open_days)
        copies.read_all()
        days = PlainDays(copies, policy.overflow, policy.rounding)
        judging = Judging(self._deciding, posting, group, days, copies, today)
        code = NO_OP if judging.has_no_op() else ""
        return Result(_APPLIED, code, self._judged(judging, record, posting, days))

    def _indexed(
        self, record: Record, posting: Posting, table: Overlay, group: Group, kept: object | None, today: int
    ) -> Result:
        """Judge a posting of a large group with its kept book. If there is none, build it, with yields in between."""
        policy, first_open = self._deciding.policy, today - self._deciding.open_days
        book = kept if isinstance(kept, Book) else Book(policy.overflow, policy.rounding)
        judging = Judging(self._deciding, posting, group, book, Copies(group, today, first_open), today)
        code = NO_OP if judging.has_no_op() else ""

        def outputs() -> Iterator[Outgoing | None]:
            if book is not kept:
                yield from book.build(group, today, first_open)
            book.close_before(first_open)
            yield from self._judged(judging, record, posting, book)
            table.keep_index(group.root, book, book.weight)

        return Result(_APPLIED, code, outputs())

    def _judged(self, judging: Judging, record: Record, posting: Posting, days: Days) -> Iterator[Outgoing | None]:
        yield from judging.judge()
        decide = self._deciding.decide
        consignee = posting.consignee
        time, cause = _json(posting.time).decode(), self._deciding.cause_text(posting)
        for number, found in enumerate(judging.outputs(), 1):
            if found is None or number % _YIELD_EVERY == 0:
                yield None
            if found is not None:
                bill, day = found
                value = decide(bill, day, time, consignee, cause, days, judging.is_split)
                yield self._decision(bill.bill, value, record)
        for number, alert in enumerate(judging.alerts(), 1):
            if number % _YIELD_EVERY == 0:
                yield None
            yield Outgoing(Sink.ALERTS, record.partition, consignee.encode(), alert, STRUCTURED)

    def _decision(self, bill: str, value: bytes, record: Record) -> Outgoing:
        """Return a decision addressed to its bill's partition, so that one partition has all decisions of a bill."""
        key, partitions = bill.encode(), self._partitions
        return Outgoing(
            _DECISIONS,
            record.partition if partitions is None else partition_of(key, partitions),
            key,
            value,
            STRUCTURED,
        )

    def _today(self, table: Overlay, posting: Posting) -> int:
        """Return the ordinal of stream time's Eastern date; stream time is the highest event time up to this record."""
        micros = to_micros(posting.time)
        if table is not self._overlay:
            row = table.group(PARTITION_ROOT).get(STREAM_TIME)
            self._overlay, self._stream_time = table, None if row is None else _instant(row)
            self._date = 0 if row is None else day_of_micros(_instant(row)).toordinal()
        if self._stream_time is None or micros > self._stream_time:
            self._stream_time = micros
            table.group(PARTITION_ROOT).put(STREAM_TIME, micros.to_bytes(_TIME_BYTES, "big", signed=True))
            self._date = day_of_micros(micros).toordinal()
        return self._date

    def sweep(self, table: Overlay, budget: int) -> int:
        """Remove rows of closed days, in one pass over the table each time stream time enters a new day.

        The pass is kept as the index of the partition's root, beside its table. A pass that is lost begins again.
        """
        row = table.group(PARTITION_ROOT).get(STREAM_TIME)
        if row is None:
            return 0
        today = day_of_micros(_instant(row)).toordinal()
        kept = table.index(PARTITION_ROOT)
        if isinstance(kept, Sweep) and kept.today == today:
            sweep = kept
        else:
            sweep = Sweep(today, today - self._deciding.open_days, table.roots())
        gone = sweep.step(table, budget)
        table.keep_index(PARTITION_ROOT, sweep, 1)
        return gone


def _instant(row: bytes) -> int:
    return int.from_bytes(row, "big", signed=True)
