"""The control topic: watches and halts of partitions as JSON, written by the engine, lifted by `tallygate resume`.

The key is `<group>/<partition>/<kind>`, in the control partition of that number. A value of kind `watch` is a `Watch`
(see `caution`), a value of kind `halt` is a `Halt`; a tombstone takes it away. Two more kinds of rows stand here:
`<topic>/<partition>/retried/<row>`, which dead letters were sent again (`agents/dead_letters/ledger.py`), and
`<prefix>.e<epoch>/0/rebuild`, how far the rebuild of an epoch is (`agents/rebuilding/marks.py`).
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from agents.engine.caution import Watch
from agents.engine.reading import end_offsets, read_to
from agents.engine.settings import Connection
from stream.topics import Topics

WATCH: Final = "watch"
HALT: Final = "halt"


class Halt(msgspec.Struct, frozen=True):
    """Why a partition stands still; kept over restarts until it is lifted."""

    group: str
    """Consumer group: prefix, step and epoch."""
    partition: int
    """Input partition."""
    offset: int
    """Offset at which judging goes on when the halt is lifted."""
    reason: str
    """`ceiling`: too many dead letters; `poison`: judging the record at this offset failed three times."""
    detail: dict[str, int | str] = {}
    """Counts that led to it; never anything from a record."""

    def sentence(self) -> str:
        """Say it in one line for a log or a terminal."""
        why = {"ceiling": "too many dead letters", "poison": "judging a record failed again and again"}[self.reason]
        return f"partition {self.partition} of {self.group} is halted at offset {self.offset}: {why}"


def control_key(group: str, partition: int, kind: str) -> bytes:
    """Give the key of a control record."""
    return f"{group}/{partition}/{kind}".encode()


class Control(msgspec.Struct, frozen=True):
    """What the control topic says of one partition."""

    watch: Watch | None = None
    halt: Halt | None = None


def controls_in(rows: Mapping[bytes, bytes], group: str, partitions: list[int]) -> dict[int, Control]:
    """Pick out of the control topic's rows what concerns a group's partitions."""

    def found(partition: int, kind: str, form: type[Any]) -> Any:
        row = rows.get(control_key(group, partition, kind))
        return msgspec.json.decode(row, type=form) if row else None

    return {each: Control(found(each, WATCH, Watch), found(each, HALT, Halt)) for each in partitions}


async def read_control(connection: Connection, topic: str, partitions: list[int] | None = None) -> dict[bytes, bytes]:
    """Read the control topic, some partitions or all, as it is committed now."""
    reader = AIOKafkaConsumer(
        isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="none", **connection.arguments()
    )
    await reader.start()
    try:
        if partitions is None:
            partitions = sorted(await reader._client._wait_on_metadata(topic))
        rows: dict[bytes, bytes] = {}
        tps = [TopicPartition(topic, partition) for partition in partitions]
        ends = await end_offsets(reader, tps)
        starts = await reader.beginning_offsets(tps)
        async for records in read_to(reader, starts, ends):
            for record in records:
                if record.value is None:
                    rows.pop(record.key, None)
                else:
                    rows[record.key] = record.value
        return rows
    finally:
        await reader.stop()


async def read_halts(connection: Connection, topics: Topics) -> list[Halt]:
    """Give every halt under the prefix and epoch, by group and partition."""
    rows = await read_control(connection, topics.control)
    found = [msgspec.json.decode(row, type=Halt) for key, row in rows.items() if key.endswith(f"/{HALT}".encode())]
    halts = [halt for halt in found if halt.group == topics.group(step_of(halt.group, topics.prefix))]
    return sorted(halts, key=lambda halt: (halt.group, halt.partition))


def step_of(group: str, prefix: str) -> str:
    """Give the step whose group it is: what stands between prefix and epoch."""
    return group.removeprefix(f"{prefix}.").rpartition(".e")[0]


async def lift_halt(connection: Connection, topics: Topics, halt: Halt) -> None:
    """Take a halt away; a running worker notices within seconds and judges on at the halt's offset."""
    producer = AIOKafkaProducer(enable_idempotence=True, **connection.arguments())
    await producer.start()
    try:
        key = control_key(halt.group, halt.partition, HALT)
        await producer.send_and_wait(topics.control, key=key, value=None, partition=halt.partition)
    finally:
        await producer.stop()
