"""How far the rebuild of an epoch is: a row in the project's control topic, and what it means for a worker."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from agents.engine.control import read_control
from agents.kafka.clients import send_row
from agents.kafka.connection import Connection
from agents.kafka.errors import RefusedError
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
        """Return the names under this epoch."""
        return Topics(prefix, self.epoch, None if self.manifest_epoch == self.epoch else self.manifest_epoch)

    def settings(self) -> dict[str, str]:
        """Return the environment variables of every process under this epoch; both, as one may be left over."""
        return {
            "TALLYGATE_KAFKA__EPOCH": str(self.epoch),
            "TALLYGATE_KAFKA__MANIFEST_EPOCH": str(self.manifest_epoch),
        }

    def spelt(self) -> str:
        """Return these variables in one line."""
        return " ".join(f"{name}={value}" for name, value in self.settings().items())

    def command(self) -> str:
        """Return the command that takes it further."""
        more = " --from postings" if self.source == "postings" else ""
        return f"tallygate rebuild tables --epoch {self.epoch}{more}"


async def read_rebuilds(connection: Connection, topics: Topics) -> dict[int, Rebuild]:
    """Return every rebuild under the prefix, by epoch. Raise RefusedError at a row that cannot be read."""
    return rebuilds_in(await read_control(connection, topics.control, [0]), topics)


def rebuilds_in(rows: Mapping[bytes, bytes], topics: Topics) -> dict[int, Rebuild]:
    """Pick the rebuilds out of the control topic's rows."""
    found = {}
    for key, row in rows.items():
        if key.startswith(f"{topics.prefix}.e".encode()) and key.endswith(KIND.encode()):
            try:
                rebuild = msgspec.json.decode(row, type=Rebuild)
            except (ValueError, RecursionError) as error:
                raise RefusedError(
                    f"the row {key.decode(errors='replace')} of {topics.control}, partition 0, is no mark of a rebuild "
                    f"({type(error).__name__}): a later release wrote it, which must be put back, or it is damaged"
                ) from None
            found[rebuild.epoch] = rebuild
    return found


async def write_rebuild(connection: Connection, topics: Topics, rebuild: Rebuild) -> None:
    """Write how far a rebuild is."""
    key = f"{topics.prefix}.e{rebuild.epoch}{KIND}".encode()
    await send_row(connection, topics.control, 0, key, msgspec.json.encode(rebuild))


async def check_epoch(connection: Connection, topics: Topics, step: str) -> None:
    """Refuse a worker of an epoch that is not to be worked in. Raise RefusedError."""
    if why := objection(await read_rebuilds(connection, topics), topics, step):
        raise RefusedError(why)


def objection(rebuilds: Mapping[int, Rebuild], topics: Topics, step: str) -> str | None:
    """Say why a step must not work in an epoch: its tables are not whole yet, or its decisions are outranked."""
    done = [rebuild for rebuild in rebuilds.values() if rebuild.stage == "done"]
    current = max(done, key=lambda rebuild: rebuild.epoch, default=Rebuild(1, "shipments", 1, "done"))
    newest = current.manifest_epoch if step == "manifest" else current.epoch
    own, epoch = rebuilds.get(topics.epoch), topics.epoch_of(step)
    if epoch < newest:
        outranked = f"epoch {epoch} of {step} is outranked by epoch {newest}, so its decisions would not show"
        return f"{outranked}: set {current.spelt()}"
    if topics.epoch == 1:
        return None
    if own is None:
        command = f"tallygate rebuild tables --epoch {topics.epoch}"
        return f"epoch {topics.epoch} has no tables yet: run `{command}` first"
    if own.stage != "done":
        return f"the tables of epoch {topics.epoch} are being rebuilt: let `{own.command()}` come to its end"
    if own.manifest_epoch != topics.epoch_of("manifest"):
        return f"epoch {own.epoch} judges postings of epoch {own.manifest_epoch}: set {own.spelt()}"
    return None
