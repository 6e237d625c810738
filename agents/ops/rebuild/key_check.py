"""The check that postings can be judged again: their consignee keys must be those that the settings make now."""

from typing import Final

from aiokafka import TopicPartition

from agents.engine.lane import FINGERPRINT
from agents.kafka.connection import Connection
from agents.kafka.errors import RefusedError
from agents.kafka.log_reader import end_offsets, open_reader, read_to
from agents.settings.settings import Settings
from agents.worker.steps import manifest_step
from state.table import PARTITION_ROOT, changelog_key
from stream.topics import Topics

FINGERPRINT_KEY: Final = changelog_key(PARTITION_ROOT, FINGERPRINT)


async def check_keys(settings: Settings, topics: Topics, partitions: int) -> None:
    """Raise RefusedError if the manifest step's tables were made with another secret or match."""
    step = manifest_step(settings, partitions)
    found = await table_fingerprint(settings.kafka.connection(), topics.changelog("manifest"), partitions)
    if found is not None and found not in {step.fingerprint, *step.reads}:
        raise RefusedError(
            f"the postings of epoch {topics.epoch_of('manifest')} have consignee keys of another secret or match, so "
            f"judging them again is useless: rebuild from shipments, `tallygate rebuild tables --epoch {topics.epoch}`"
        )


async def table_fingerprint(connection: Connection, changelog: str, partitions: int) -> str | None:
    """Return the fingerprint of the tables in a changelog; None if nothing was ever judged."""
    async with open_reader(connection) as reader:
        for number in range(partitions):
            place = [TopicPartition(changelog, number)]
            starts, ends = await reader.beginning_offsets(place), await end_offsets(reader, place)
            # The fingerprint is among the first rows of a table, so this ends soon.
            async for records in read_to(reader, starts, ends):
                for record in records:
                    if record.key == FINGERPRINT_KEY and record.value is not None:
                        found: str = record.value.decode()
                        return found
    return None
