"""Lanes: one for each input partition, with its table, the chunks that wait, and how they may be judged."""

from collections import deque
from struct import Struct
from typing import Any, Final, NamedTuple

from aiokafka import TopicPartition

from agents.engine.chunk import Chunk
from agents.engine.dlq_limit import DlqLimit
from agents.engine.engine_progress import PartitionProgress
from agents.engine.gate import Gate
from agents.engine.poison_isolation import PoisonIsolation, Suspicion
from agents.kafka.errors import BrokenLaneError, RefusedError
from agents.kafka.protocol import NO_MEMBER, GroupMember
from state.step import Step
from state.structures import add_structures, refused_structures
from state.table import PARTITION_ROOT, POSITION, Overlay, Table, Totals

FINGERPRINT: Final = b"fingerprint"
DLQ_WINDOW: Final = b"ceiling"
"""Key of the row with the DLQ limit's window; the name on the wire stays."""

_POSITION_ROW: Final = Struct(">BQQQQ")
_ROW_VERSION: Final = 2


class Position(NamedTuple):
    """Where a partition's table stands in its input."""

    offset: int
    """Offset of the next record to judge: what is committed for the group."""
    ordinal: int
    """Records judged so far."""
    totals: Totals = Totals()
    """What all other rows of the table come to."""

    def encode(self) -> bytes:
        """Return the row: version 2, then offset, ordinal, rows and checksum as 8 bytes each, big-endian."""
        return _POSITION_ROW.pack(_ROW_VERSION, self.offset, self.ordinal, *self.totals)

    @classmethod
    def decode(cls, row: bytes) -> "Position":
        """Read the row. Raise RefusedError where another version wrote it."""
        if len(row) != _POSITION_ROW.size or row[0] != _ROW_VERSION:
            raise RefusedError(
                f"the tables were written by a version with other rows (position {row[:1].hex()}, now "
                f"{_ROW_VERSION:02x}): put the former version back, or rebuild them in an epoch N that was never "
                "used: `tallygate rebuild tables --epoch N`"
            )
        _version, offset, ordinal, rows, checksum = _POSITION_ROW.unpack(row)
        return cls(offset, ordinal, Totals(rows, checksum))

    @classmethod
    def of(cls, table: Table) -> "Position | None":
        """Read the table's row; None if it was never written."""
        row = table.rows_of(PARTITION_ROOT).get(POSITION)
        return cls.decode(row) if row else None


class RecordSlice(NamedTuple):
    """Records of one lane that one transaction judges."""

    records: list[Any]
    end: int
    """Where the lane stands once they are all judged."""


class Lane:
    """One input partition: owned by the event loop."""

    def __init__(self, partition: TopicPartition, table: Table, changelog_position: int) -> None:
        """Take a table that holds what the changelog says up to `changelog_position`."""
        self.partition = partition
        self.number = partition.partition
        self.table = table
        self.changelog_position = changelog_position
        """Offset of the changelog from which a table that is kept catches up."""
        self.position = Position(0, 0)
        self.isolation = PoisonIsolation()
        self.suspicion: Suspicion | None = None
        """The suspicion that stands in the control topic now."""
        self.window = DlqLimit()
        self.window_changed = False
        """The window is not what the table's row says."""
        self.progress = PartitionProgress()
        self.member: GroupMember = NO_MEMBER
        self.gate: Gate | None = None
        self.swept_at = 0.0
        self.judged_at = 0.0
        """When its last transaction was committed: the lane that waited longest comes first."""
        self.big: int | None = None
        """Offset of a record that needs a transaction of its own."""
        self.torn = False
        """The table is between two states: a restore into it has begun and not ended."""
        self._chunks: deque[Chunk] = deque()
        self._head = 0
        self._waiting = 0
        self._next = 0

    def seated(self, log_start: int) -> None:
        """Stand where the restored table says; a new one begins where the input's log does."""
        self.position = Position.of(self.table) or Position(log_start, 0)
        self.window = DlqLimit.decode(self.table.rows_of(PARTITION_ROOT).get(DLQ_WINDOW))
        self.progress = PartitionProgress(position=self.position.offset)

    def opened(self, member: GroupMember, gate: Gate) -> None:
        """Start taking chunks from the gate."""
        self.emptied()
        self.member, self.gate, self._next = member, gate, self.position.offset

    def emptied(self) -> None:
        """Drop all chunks, take no more, and have the partition fetched no longer."""
        if self.gate is not None:
            self.gate.shut()
        self._chunks.clear()
        self._head = self._waiting = 0
        self.member, self.gate = NO_MEMBER, None

    def take_in(self, chunk: Chunk) -> bool:
        """Take a chunk, unless it is void: of another generation, or of a gate that was closed since."""
        if self.gate is None or chunk.era != self.gate.era or chunk.member != self.member:
            return False
        if chunk.start != self._next:
            raise BrokenLaneError(f"partition {self.number}: a chunk starts at {chunk.start}, expected {self._next}")
        self._next = chunk.end
        self._waiting += len(chunk.records)
        self._chunks.append(chunk)
        return True

    @property
    def waiting(self) -> int:
        """Records that wait to be judged."""
        return self._waiting

    @property
    def waiting_bytes(self) -> int:
        """About the memory that the waiting records take."""
        return 0 if self.gate is None else self.gate.waiting

    @property
    def next_offset(self) -> int | None:
        """Offset of the first record that waits."""
        return self._chunks[0].records[self._head].offset if self._chunks else None

    @property
    def next_timestamp(self) -> int:
        """Time (ms) of the first record that waits; there must be one."""
        timestamp: int = self._chunks[0].records[self._head].timestamp
        return timestamp

    @property
    def fetched_to(self) -> int:
        """Where the last chunk that came ended, or where the lane was opened."""
        return self._next

    def next_slice(self, most: int) -> RecordSlice:
        """Look at the next records, as many as poison record isolation allows; they stay until `advance`."""
        first = self.next_offset
        if first is None:
            return RecordSlice([], self.position.offset)
        wanted = 1 if self.at_big_record else self.isolation.limit(first, self._waiting, most)
        records: list[Any] = []
        head, end = self._head, self.position.offset
        for chunk in self._chunks:
            whole = head == 0 and len(chunk.records) <= wanted - len(records)
            taken = chunk.records if whole else chunk.records[head : head + wanted - len(records)]
            records = [*records, *taken] if records else taken
            end = chunk.end if taken[-1] is chunk.records[-1] else taken[-1].offset + 1
            head = 0
            if len(records) >= wanted:
                break
        return self._stopping_before(first, RecordSlice(records, end))

    def _stopping_before(self, first: int, lane_slice: RecordSlice) -> RecordSlice:
        """Cut a slice short before a suspect or a big record that comes later in it."""
        for stop in (self.isolation.suspect, self.big):
            if stop is not None and first < stop <= lane_slice.records[-1].offset:
                before = [record for record in lane_slice.records if record.offset < stop]
                lane_slice = RecordSlice(before, before[-1].offset + 1)
        return lane_slice

    @property
    def at_big_record(self) -> bool:
        """Tell whether the next record is one that needs a transaction of its own."""
        return self.big is not None and self.next_offset == self.big

    def owed(self) -> Suspicion | None:
        """Return the suspicion that must be written before judging on, if the one that stands is another."""
        needed = self.isolation.suspicion(self.position.offset, self.next_offset, self._waiting)
        if needed is None:
            return None if self.suspicion is not None and not self.suspicion.span else Suspicion(self.position.offset)
        return None if needed == self.suspicion else needed

    def lifted(self) -> None:
        """Go on after a halt: the dead letters that led to it are forgotten."""
        self.progress.halted = ""
        self.window = DlqLimit()
        self.window_changed = True

    def parting(self) -> Suspicion | None:
        """Return the suspicion to leave behind."""
        return self.isolation.parting(self.position.offset, self.next_offset)

    def advance(self, count: int, position: Position) -> None:
        """Drop records that are judged and committed."""
        self.position = position
        self._waiting -= count
        while count:
            chunk = self._chunks[0]
            left = len(chunk.records) - self._head
            if count < left:
                self._head += count
                return
            count -= left
            self._chunks.popleft()
            self._head = 0
            if self.gate is not None:
                self.gate.judged(chunk.size)

    def begin(self, step: Step) -> Overlay:
        """Return the overlay of a transaction; the first one of a process writes what the table depends on."""
        overlay = self.table.overlay()
        meta = overlay.group(PARTITION_ROOT)
        # Another one is here only where this version reads that version's rows: see `check_fingerprint`.
        if meta.get(FINGERPRINT) != step.fingerprint.encode():
            meta.put(FINGERPRINT, step.fingerprint.encode())
        add_structures(meta, step.programmes)
        return overlay


def check_fingerprint(lane: Lane, step: Step) -> None:
    """Refuse a table that was built under another secret, match, canonical form, policy, row format or programme."""
    rows = lane.table.rows_of(PARTITION_ROOT)
    row = rows.get(FINGERPRINT)
    if row is not None and row.decode() not in {step.fingerprint, *step.reads}:
        raise RefusedError(
            f"the tables of {step.name} were built with another secret, match, canonical form or policy, or by a "
            f"version with other rows ({row.decode()}, now {step.fingerprint}). Such a change needs a new epoch and a "
            "rebuild: `tallygate rebuild tables --epoch N`; or put the former settings or version back"
        )
    if refused := list(refused_structures(rows, step.programmes)):
        raise RefusedError(
            f"the tables of {step.name} were built under other programmes: {'; '.join(refused)}. Enable each as "
            "it was, with its rule file; a change of structure needs a new epoch and a rebuild: `tallygate rebuild "
            "tables --epoch N`"
        )
