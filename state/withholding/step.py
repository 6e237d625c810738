"""The withholding step: posting records in, decisions and alerts out, over the table of consignees' ledgers."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import chain
from typing import Final

import msgspec

from state.rules.rulebook import Rulebook
from state.structures import structures_of
from state.table import PARTITION_ROOT, Group, Overlay
from state.withholding.book import Book
from state.withholding.clock import Clock
from state.withholding.copies import Copies
from state.withholding.deciding import Deciding
from state.withholding.fast_path import judge_fast
from state.withholding.head import UnsettledError
from state.withholding.heads import HeadLedgers, Heads
from state.withholding.judging import Judging
from state.withholding.ledgers import Ledgers
from state.withholding.plain_ledgers import PlainLedgers
from state.withholding.row_format import ROW_FORMAT
from state.withholding.sweeping import Sweep
from stream.decisions import STRUCTURED, Policy
from stream.instants import to_micros
from stream.partition import partition_of
from stream.postings import US_321, Posting
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
    fates: tuple[tuple[Fate, str], ...] = ((_APPLIED, ""), (_APPLIED, NO_OP))

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
        # What `_set_clock` found last, so that the records of one transaction need not look it up again.
        self._overlay: Overlay | None = None
        self._stream_time: int | None = None
        self._clock = self._new_clock()
        # The fast path is for us-321 alone: where that is not enabled, no group is small enough.
        self._fast_path_rows_max = FAST_PATH_ROWS * index_rows_min if US_321 in self._deciding.terms else -1
        parts = [key_fingerprint, f"withholding rows {ROW_FORMAT}", msgspec.json.encode(policy).decode()]
        self.fingerprint: str = sha256("\n".join(parts).encode()).hexdigest()[:16]
        self.programmes: Mapping[str, str] = structures_of(rulebook)

    def __call__(self, record: Record, table: Overlay) -> Result:
        """Judge a posting record. Raise for a record that cannot be read: that is our own fault."""
        posting = _decode(record.value or b"")
        self._set_clock(table, posting)
        root = posting.consignee.encode()
        group, kept = table.group(root), table.index(root)
        count = group.row_count_at_most()
        if kept is None and len(posting.bills) == 1 and count <= self._fast_path_rows_max:
            fast = judge_fast(self._deciding, posting, group, self._clock)
            if fast is not None:
                bill, counted, total = fast
                value = self._deciding.decide_fast(bill, counted, total, posting, _json(posting.time).decode())
                return Result(_APPLIED, "", (self._decision(bill.bill, value, record),))
        known = self._deciding.terms
        for posted in posting.bills:
            if posted.programme not in known:
                self._deciding.refuse_unknown(posted)
        # A kept book must see every change, so it is used even when few rows are left.
        if kept is not None:
            return self._indexed(record, posting, table, group, kept)
        if count <= self._index_rows_min:
            return self._plain(record, posting, group)
        return self._by_heads(record, posting, group) or self._indexed(record, posting, table, group, None)

    def _plain(self, record: Record, posting: Posting, group: Group) -> Result:
        """Judge a posting of a small group by all its bills."""
        copies = Copies(group, self._clock)
        copies.read_all()
        ledgers = PlainLedgers(self._deciding, copies)
        judging = Judging(self._deciding, posting, group, ledgers, copies, self._clock)
        code = NO_OP if judging.has_no_op() else ""
        return Result(_APPLIED, code, chain(judging.judge(), self._decided(judging, record, posting, ledgers)))

    def _by_heads(self, record: Record, posting: Posting, group: Group) -> Result | None:
        """Judge a posting of a large group by the heads of its ledgers; None if they do not tell enough."""
        terms = self._deciding.terms.get(posting.bills[0].programme)
        if terms is None or not terms.has_head:
            return None
        ledgers = HeadLedgers(self._deciding, Heads(self._deciding, group, self._clock))
        judging = Judging(self._deciding, posting, group, ledgers, Copies(group, self._clock), self._clock)
        code = NO_OP if judging.has_no_op() else ""
        try:
            for _ in judging.judge():
                pass  # it looks at no other bills than the record's own
        except UnsettledError:
            return None
        return Result(_APPLIED, code, self._decided(judging, record, posting, ledgers))

    def _indexed(self, record: Record, posting: Posting, table: Overlay, group: Group, kept: object | None) -> Result:
        """Judge a posting of a large group with its kept book. If there is none, build it, with yields in between."""
        clock = self._clock
        book = kept if isinstance(kept, Book) and kept.close(clock) else Book(self._deciding)
        judging = Judging(self._deciding, posting, group, book, Copies(group, clock), clock)
        code = NO_OP if judging.has_no_op() else ""
        build: Iterable[None] = () if book is kept else self._build(book, group)
        return Result(_APPLIED, code, chain(build, self._by_book(judging, record, posting, table, group, book)))

    def _build(self, book: Book, group: Group) -> Iterator[None]:
        yield from book.build(group, self._clock)
        book.close(self._clock)

    def _by_book(
        self, judging: Judging, record: Record, posting: Posting, table: Overlay, group: Group, book: Book
    ) -> Iterator[Outgoing | None]:
        try:
            yield from judging.judge()
        except UnsettledError:
            table.drop_index(group.root)
            yield from self._plain(record, posting, group).outputs
            return
        yield from self._decided(judging, record, posting, book)
        table.keep_index(group.root, book, book.weight)

    def _decided(
        self, judging: Judging, record: Record, posting: Posting, ledgers: Ledgers
    ) -> Iterator[Outgoing | None]:
        decide = self._deciding.decide
        consignee = posting.consignee
        time, cause = _json(posting.time).decode(), self._deciding.cause_text(posting)
        for number, found in enumerate(judging.outputs(), 1):
            if found is None or number % _YIELD_EVERY == 0:
                yield None
            if found is not None:
                bill, day = found
                value = decide(bill, day, time, consignee, cause, ledgers, judging.is_split)
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

    def _new_clock(self) -> Clock:
        return Clock(self._deciding.terms, self._deciding.us_321.open_days)

    def _set_clock(self, table: Overlay, posting: Posting) -> None:
        """Set the clock to stream time: the highest event time so far, this record's included."""
        micros = to_micros(posting.time)
        if table is not self._overlay:
            row = table.group(PARTITION_ROOT).get(STREAM_TIME)
            self._overlay, self._stream_time = table, None if row is None else _instant(row)
            if row is not None:
                self._clock.set(_instant(row))
        if self._stream_time is None or micros > self._stream_time:
            self._stream_time = micros
            table.group(PARTITION_ROOT).put(STREAM_TIME, micros.to_bytes(_TIME_BYTES, "big", signed=True))
            self._clock.set(micros)

    def sweep(self, table: Overlay, budget: int) -> int:
        """Remove rows of closed ledgers, in one pass over the table each time stream time enters a new Eastern day.

        The pass is kept as the index of the partition's root, beside its table. A pass that is lost begins again.
        """
        row = table.group(PARTITION_ROOT).get(STREAM_TIME)
        if row is None:
            return 0
        clock = self._new_clock()
        clock.set(_instant(row))
        kept = table.index(PARTITION_ROOT)
        is_same = isinstance(kept, Sweep) and kept.today == clock.today
        sweep = kept if isinstance(kept, Sweep) and is_same else Sweep(self._deciding, clock, table.roots())
        gone = sweep.step(table, budget)
        table.keep_index(PARTITION_ROOT, sweep, 1)
        return gone


def _instant(row: bytes) -> int:
    return int.from_bytes(row, "big", signed=True)
