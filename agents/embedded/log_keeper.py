"""Copies the logs of the embedded broker into files, and back into a new broker: every byte at the same offset.

The broker answers one request after another. So the ends that it names in one answer are those of one moment, at which
a transaction is in all of its partitions or in none. A copy up to these ends, without open transactions, is whole.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import groupby, zip_longest
from typing import Any, Final, Self

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.protocol.produce import ProduceRequest

from agents.embedded.batches import LogBatch, batches_in, closed
from agents.embedded.embedded_errors import BrokerError, BrokerFullError
from agents.embedded.kept_log import KeptLog, Place
from agents.kafka.clients import open_client
from agents.kafka.connection import Connection

MOVED: Final = (
    "the embedded broker was full, and dropped records of {}: what was published last is not kept; publish less at once"
)
FETCH_BYTES: Final = 8 * 1024 * 1024
SEND_MS: Final = 20_000
_LATEST: Final = -1
_NO_REPLICA: Final = -1
_UNCOMMITTED: Final = 0
_OUT_OF_RANGE: Final = 1
_EARLIEST: Final = -2
_ALL: Final = -1
"""All replicas acknowledge."""


class LogKeeper:
    """Copies the partitions of some topics between a broker and a folder."""

    def __init__(self, client: AIOKafkaClient, node: int, places: Iterable[Place], log: KeptLog, source: str) -> None:
        """Make it with a connected client of a single broker, `node`.

        `source` is the topic that others write. This broker shows its open transactions to every reader, so they are
        kept: what was made of them is kept too.
        """
        self._client = client
        self._node = node
        self._places = sorted(places)
        self._log = log
        self._source = source

    @classmethod
    @asynccontextmanager
    async def connected(cls, address: str, places: Iterable[Place], log: KeptLog, source: str) -> AsyncIterator[Self]:
        """Yield a keeper that is connected to the broker at this address."""
        async with open_client(Connection(address)) as client:
            (broker,) = client.cluster.brokers()
            yield cls(client, broker.nodeId, places, log, source)

    async def restore(self) -> None:
        """Send all that is kept to a new broker. Raise KeptLogError, BrokerError."""
        logs = [[(place, batch) for batch in self._log.read(place)] for place in self._places]
        for row in zip_longest(*logs):
            await self._send([each for each in row if each is not None])

    async def copy(self) -> None:
        """Keep all that was written up to now. Raise BrokerFullError, BrokerError."""
        for place, start in (await self._offsets(_EARLIEST)).items():
            if start:
                raise BrokerFullError(MOVED.format(place))
        ends = await self._offsets(_LATEST)
        behind = {place for place in self._places if self._log.end(place).offset < ends[place]}
        found: dict[Place, list[LogBatch]] = {place: [] for place in behind}
        while behind:
            for place, batches in await self._fetch({place: self._next(place, found[place]) for place in behind}):
                found[place] += [batch for batch in batches if batch.end <= ends[place]]
            behind = {place for place in behind if self._next(place, found[place]) < ends[place]}
        for place, batches in found.items():
            whole = batches if place.topic == self._source else closed(batches)
            if whole:
                self._log.append(place, whole)
        self._log.keep()

    def _next(self, place: Place, batches: list[LogBatch]) -> int:
        return batches[-1].end if batches else self._log.end(place).offset

    async def _offsets(self, which: int) -> dict[Place, int]:
        asked = _by_topic((place, (place.partition, which)) for place in self._places)
        answer = await self._client.send(self._node, OffsetRequest(_NO_REPLICA, _UNCOMMITTED, asked))
        return {Place(topic, part[0]): part[-1] for topic, parts in answer.topics for part in parts}

    async def _fetch(self, wanted: dict[Place, int]) -> list[tuple[Place, list[LogBatch]]]:
        asked = _by_topic((place, (place.partition, wanted[place], FETCH_BYTES)) for place in sorted(wanted))
        answer = await self._client.send(self._node, FetchRequest(0, 1, len(wanted) * FETCH_BYTES, _UNCOMMITTED, asked))
        found = []
        for topic, parts in answer.topics:
            for number, code, *_, data in parts:
                batches = list(batches_in(data or b""))
                place = Place(topic, number)
                if code == _OUT_OF_RANGE:
                    raise BrokerFullError(MOVED.format(place))
                if code or not batches:
                    raise BrokerError(f"the embedded broker does not return its log of {place}, error {code}")
                found.append((place, batches))
        return found

    async def _send(self, batches: list[tuple[Place, LogBatch]]) -> None:
        sent = _by_topic((place, (place.partition, batch.raw)) for place, batch in batches)
        answer = await self._client.send(self._node, ProduceRequest(None, _ALL, SEND_MS, sent))
        wanted = {place: batch.base for place, batch in batches}
        for topic, parts in answer.topics:
            for number, code, offset, *_ in parts:
                place = Place(topic, number)
                if code or offset != wanted[place]:
                    raise BrokerError(f"the embedded broker does not take its log of {place}, error {code}")


def _by_topic(parts: Iterable[tuple[Place, Any]]) -> list[tuple[str, list[Any]]]:
    """Group the parts of a request, which come in the order of places, by topic."""
    return [(topic, [part for _, part in group]) for topic, group in groupby(parts, key=lambda each: each[0].topic)]
