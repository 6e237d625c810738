"""Commits what the broker forgets: the offsets of the steps, to where their restored tables stand."""

from typing import Final

from agents.embedded.embedded_broker import PARTITIONS
from agents.engine.job import source_of
from agents.engine.seating import TableStanding
from agents.kafka.connection import Connection
from agents.ops.offset_mending import Mending, mend, read_positions
from stream.topics import Topics

STEPS: Final = ("manifest", "withholding")


async def restore_offsets(connection: Connection, topics: Topics) -> None:
    """Set the offsets of each step; its workers must not run."""
    for step in STEPS:
        tables = await read_positions(connection, topics.changelog(step), range(PARTITIONS))
        standings = [TableStanding(number, None, tables.get(number)) for number in range(PARTITIONS)]
        mending = Mending(step, topics.group(step), source_of(step, topics), standings)
        if mending.offsets:
            await mend(connection, mending)
