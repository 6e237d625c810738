"""Whether postings can be judged again: they carry consignee keys, which must be those that settings make now."""

from typing import Final

from aiokafka import TopicPartition

from agents.engine.errors import RefusedError
from agents.engine.lane import FINGERPRINT
from agents.engine.reading import end_offsets, open_reader, read_to
from agents.engine.settings import Connection
from agents.settings import Settings
from agents.steps import manifest_step
from state.table import PARTITION_ROOT, changelog_key
from stream.topics import Topics

FINGERPRINT_KEY: Final = changelog_key(PARTITION_ROOT, FINGERPRINT)


async def check_keys(settings: Settings, topics: Topics, partitions: int) -> None:
    """Refuse where the manifest step's tables were made with another secret or match. Raises RefusedError."""
    step = manifest_step(settings, partitions)
    found = await table_fingerprint(settings.kafka.connection(), topics.changelog("manifest"), partitions)
    if found is not None and found not in {step.fingerprint, *step.reads}:
        raise RefusedError(
            f"the postings of epoch {topics.epoch_of('manifest')} have consignee keys of another secret or match, so "
            f"judging them again is useless: rebuild from shipments, `tallygate rebuild tables --epoch {topics.epoch}`"
        )


async def table_fingerprint(connection: Connection, changelog: str, partitions: int) -> str | None:
    """Give what the tables of a changelog depend on; None where nothing was ever judged."""
    async with open_reader(connection) as reader:
        for number in range(partitions):
            place = [TopicPartition(changelog, number)]
            starts, ends = await reader.beginning_offsets(place), await end_offsets(reader, place)
            # It is among the first rows that a table ever had, so this ends soon.
            async for records in read_to(reader, starts, ends):
                for record in records:
                    if record.key == FINGERPRINT_KEY and record.value is not None:
                        found: str = record.value.decode()
                        return found
    return None
