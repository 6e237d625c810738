"""How far the rebuild of an epoch is: a row in the project's control topic, and what it means for a worker."""

from typing import Any, Final, Literal

import msgspec
from aiokafka import AIOKafkaProducer

from agents.engine.control import read_control
from agents.engine.errors import RefusedError
from agents.engine.settings import Connection
from stream.topics import Topics

KIND: Final = "/0/rebuild"
"""How the keys of these rows end; before it stand prefix and epoch."""

Source = Literal["shipments", "postings"]
Stage = Literal["filling", "publishing", "done"]


class Rebuild(msgspec.Struct, frozen=True):
    """One epoch's rebuild."""

    epoch: int
    source: Source
    """What is judged again: shipments by both steps, or the postings that there are by the withholding step."""
    manifest_epoch: int
    """Epoch of the manifest step that goes with it; another one only where postings are judged again."""
    stage: Stage = "filling"

    def topics(self, prefix: str) -> Topics:
        """Give the names under this epoch."""
        return Topics(prefix, self.epoch, None if self.manifest_epoch == self.epoch else self.manifest_epoch)

    def settings(self) -> dict[str, str]:
        """Give the environment variables of every process under this epoch; both, since one may be left from before."""
        return {
            "TALLYGATE_KAFKA__EPOCH": str(self.epoch),
            "TALLYGATE_KAFKA__MANIFEST_EPOCH": str(self.manifest_epoch),
        }

    def command(self) -> str:
        """Give the command that takes it further."""
        more = " --from postings" if self.source == "postings" else ""
        return f"tallygate rebuild tables --epoch {self.epoch}{more}"


async def read_rebuilds(connection: Connection, topics: Topics) -> dict[int, Rebuild]:
    """Give every rebuild under the prefix, by epoch."""
    rows = await read_control(connection, topics.control, [0])
    named = {key: row for key, row in rows.items() if key.startswith(topics.prefix.encode() + b".e")}
    found = [msgspec.json.decode(row, type=Rebuild) for key, row in named.items() if key.endswith(KIND.encode())]
    return {rebuild.epoch: rebuild for rebuild in found}


async def write_rebuild(connection: Connection, topics: Topics, rebuild: Rebuild) -> None:
    """Write how far a rebuild is."""
    options: dict[str, Any] = connection.arguments()
    producer = AIOKafkaProducer(enable_idempotence=True, **options)
    await producer.start()
    try:
        key = f"{topics.prefix}.e{rebuild.epoch}{KIND}".encode()
        await producer.send_and_wait(topics.control, key=key, value=msgspec.json.encode(rebuild), partition=0)
    finally:
        await producer.stop()


async def check_epoch(connection: Connection, topics: Topics, step: str) -> None:
    """Refuse a worker of an epoch whose tables are not made yet, or whose decisions are outranked. RefusedError."""
    rebuilds = await read_rebuilds(connection, topics)
    own, newest = rebuilds.get(topics.epoch), max((each.epoch for each in _done(rebuilds)), default=1)
    if step == "manifest":
        newest = rebuilds[newest].manifest_epoch if newest > 1 else 1
    if topics.epoch_of(step) < newest:
        raise RefusedError(
            f"epoch {topics.epoch_of(step)} of {step} is outranked by epoch {newest}, so nobody would see its "
            f"decisions: set {_spelt(rebuilds[max(each.epoch for each in _done(rebuilds))])}"
        )
    if topics.epoch == 1:
        return
    if own is None:
        raise RefusedError(
            f"epoch {topics.epoch} has no tables yet: run `tallygate rebuild tables --epoch {topics.epoch}` first"
        )
    if own.stage != "done":
        raise RefusedError(
            f"the tables of epoch {topics.epoch} are being rebuilt: let `{own.command()}` come to its end"
        )
    if own.manifest_epoch != topics.epoch_of("manifest"):
        raise RefusedError(f"epoch {own.epoch} judges postings of epoch {own.manifest_epoch}: set {_spelt(own)}")


def _done(rebuilds: dict[int, Rebuild]) -> list[Rebuild]:
    return [each for each in rebuilds.values() if each.stage == "done"]


def _spelt(rebuild: Rebuild) -> str:
    return " ".join(f"{name}={value}" for name, value in rebuild.settings().items())
