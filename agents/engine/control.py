"""The control topic: suspicions and halts of partitions as JSON, written by the engine, lifted by `tallygate resume`.

The key is `<group>/<partition>/<kind>`, in the control partition of that number. A value of kind `watch` is a
`Suspicion` (see `poison_isolation`), a value of kind `halt` is a `Halt`; a tombstone takes it away. Two more kinds of
rows stand here: `<topic>/<partition>/retried/<row>`, which dead letters were sent again
(`agents/ops/dead_letters/ledger.py`), and `<prefix>.e<epoch>/0/rebuild`, how far the rebuild of an epoch
is (`agents/worker/rebuild_marks.py`).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from aiokafka import TopicPartition

from agents.engine.poison_isolation import Suspicion
from agents.kafka.clients import send_row
from agents.kafka.connection import Connection
from agents.kafka.log_reader import end_offsets, open_reader, read_to, topic_partitions
from stream.topics import Topics

SUSPICION: Final = "watch"
"""The kind's name on the wire; the halt's reason `ceiling` (the DLQ limit) is another that stays."""
HALT: Final = "halt"
UNREADABLE: Final = "unreadable"
NOWHERE: Final = -1
"""An offset that is not known."""


class ControlRow(bytes):
    """A value of the control topic, with the place where it stands."""

    place = "not known"


class Halt(msgspec.Struct, frozen=True):
    """Why a partition stands still; kept over restarts until it is lifted."""

    group: str
    """Consumer group: prefix, step and epoch."""
    partition: int
    """Input partition."""
    offset: int
    """Offset at which judging goes on when the halt is lifted."""
    reason: str
    """`ceiling`: too many dead letters; `poison`: judging the record at this offset failed three times; `unreadable`:
    the row that says why cannot be read."""
    detail: dict[str, int | str] = {}
    """Counts that led to it; never anything from a record."""

    def sentence(self) -> str:
        """Say it in one line for a log or a terminal."""
        whose = f"partition {self.partition} of {self.group}"
        if self.reason == UNREADABLE:
            return f"{whose} is halted: {self.detail['row']} cannot be read: a later release wrote it, or it is damaged"
        why = {"ceiling": "too many dead letters", "poison": "judging a record failed again and again"}[self.reason]
        return f"{whose} is halted at offset {self.offset}: {why}"


def control_key(group: str, partition: int, kind: str) -> bytes:
    """Return the key of a control record."""
    return f"{group}/{partition}/{kind}".encode()


class Control(msgspec.Struct, frozen=True):
    """What the control topic says of one partition."""

    suspicion: Suspicion | None = None
    """Where it cannot be read, one that asks for care."""
    halt: Halt | None = None
    """Where it cannot be read, one that says so."""
    unreadable: tuple[str, ...] = ()
    """The rows that cannot be read, by their places."""


def controls_in(rows: Mapping[bytes, bytes], group: str, partitions: list[int]) -> dict[int, Control]:
    """Pick out of the control topic's rows what concerns a group's partitions; a bad row concerns only its own."""
    return {each: _control_in(rows, group, each) for each in partitions}


def _control_in(rows: Mapping[bytes, bytes], group: str, partition: int) -> Control:
    unreadable: list[str] = []

    def found(kind: str, form: type[Any], else_: Callable[[bytes], Any]) -> Any:
        row = rows.get(control_key(group, partition, kind))
        if not row:
            return None
        read = _read(row, form)
        if read is None:
            unreadable.append(row_words(control_key(group, partition, kind), row))
            return else_(row)
        return read

    suspicion = found(SUSPICION, Suspicion, lambda _row: Suspicion(NOWHERE))
    halt = found(HALT, Halt, lambda row: _unread_halt(group, partition, row))
    return Control(suspicion, halt, tuple(unreadable))


def _read(row: bytes, form: type[Any]) -> Any:
    try:
        return msgspec.json.decode(row, type=form)
    except (ValueError, RecursionError):
        return None


def row_words(key: bytes, row: bytes) -> str:
    """Return the name of a row: its key, and its place in the control topic."""
    place = row.place if isinstance(row, ControlRow) else ControlRow.place
    return f"the row {key.decode(errors='replace')} of the control topic ({place})"


def _unread_halt(group: str, partition: int, row: bytes) -> Halt:
    words = row_words(control_key(group, partition, HALT), row)
    return Halt(group, partition, NOWHERE, UNREADABLE, {"row": words})


async def read_control(connection: Connection, topic: str, partitions: list[int] | None = None) -> dict[bytes, bytes]:
    """Read the control topic, some partitions or all, as it is committed now."""
    rows: dict[bytes, bytes] = {}
    async with open_reader(connection) as reader:
        if partitions is None:
            tps = await topic_partitions(reader, topic)
        else:
            tps = [TopicPartition(topic, partition) for partition in partitions]
        ends = await end_offsets(reader, tps)
        starts = await reader.beginning_offsets(tps)
        async for records in read_to(reader, starts, ends):
            for record in records:
                if record.value is None:
                    rows.pop(record.key, None)
                else:
                    row = rows[record.key] = ControlRow(record.value)
                    row.place = f"{record.topic}, partition {record.partition}, offset {record.offset}"
    return rows


async def read_halts(connection: Connection, topics: Topics) -> list[Halt]:
    """Return every halt under the prefix and epoch, by group and partition."""
    found = halts_in(await read_control(connection, topics.control))
    halts = [halt for halt in found if halt.group == topics.group(step_of(halt.group, topics.prefix))]
    return sorted(halts, key=lambda halt: (halt.group, halt.partition))


def halts_in(rows: Mapping[bytes, bytes]) -> list[Halt]:
    """Pick every halt out of the control topic's rows; one that cannot be read can be lifted like the others."""
    halts = []
    for key, row in rows.items():
        group, _, partition = key.decode(errors="replace").removesuffix(f"/{HALT}").rpartition("/")
        if key.endswith(f"/{HALT}".encode()) and partition.isdecimal() and partition.isascii():
            halts.append(_read(row, Halt) or _unread_halt(group, int(partition), row))
    return halts


def step_of(group: str, prefix: str) -> str:
    """Return the step whose group it is: what stands between prefix and epoch."""
    return group.removeprefix(f"{prefix}.").rpartition(".e")[0]


async def lift_halt(connection: Connection, topics: Topics, halt: Halt) -> None:
    """Take a halt away; a running worker notices within seconds and judges on at the halt's offset."""
    await send_row(connection, topics.control, halt.partition, control_key(halt.group, halt.partition, HALT), None)
