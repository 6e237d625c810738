"""What is kept of each webhook in the control topic: its places, what fails, and why it is dead.

The key is `<prefix>/0/webhook/<id>`, always in control partition 0. The topic is compacted, so a row outlives any
outage, and no group's offsets can expire. The row of a webhook that was removed stays: no id is used twice.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec

from agents.engine.control import control_key, read_control
from agents.kafka.connection import Connection
from stream.topics import Topics

PARTITION: Final = 0
KIND: Final = "webhook"

Death = Literal["gone", "failing", "place-gone"]
"""`gone`: the receiver answered 410. `failing`: one delivery has failed for too many days. `place-gone`: the topic no
longer holds what comes next."""


class Failing(msgspec.Struct, frozen=True):
    """The oldest delivery that fails."""

    partition: int
    offset: int
    since: datetime
    """Its first failure."""
    answer: str
    """The latest one: a status, or a word such as `timeout`; nothing that the receiver wrote."""
    attempts: int


class Dead(msgspec.Struct, frozen=True):
    """Why nothing is delivered any more, until `tallygate webhooks enable`."""

    life: int
    why: Death
    since: datetime


class DeliveryState(msgspec.Struct, frozen=True):
    """A row."""

    places: str
    """Everything before them is done; in the form of an id of the stream."""
    failing: Failing | None = None
    dead: Dead | None = None


def state_key(topics: Topics, webhook_id: str) -> bytes:
    """Return the key of a webhook's row."""
    return control_key(topics.prefix, PARTITION, f"{KIND}/{webhook_id}")


def state_in(rows: Mapping[bytes, bytes], topics: Topics, webhook_id: str) -> DeliveryState | None:
    """Return what the control topic says of a webhook; None: nothing yet, it begins at the file's place.

    Raise ValueError where the row cannot be read.
    """
    row = rows.get(state_key(topics, webhook_id))
    return None if row is None else msgspec.json.decode(row, type=DeliveryState)


async def read_states(connection: Connection, topics: Topics) -> dict[bytes, bytes]:
    """Return the rows of the control topic in which states stand. Raise KafkaError."""
    return await read_control(connection, topics.control, [PARTITION])
