"""What the consumer group has committed, asked so that no transaction of a previous owner is pending."""

import asyncio
from typing import Any, Final

from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.commit import OffsetFetchRequest

from agents.engine.producer import TransactionalProducer
from agents.kafka.errors import EngineError, RefusedError
from agents.kafka.group_admin import RETRY_SECONDS, UNSTABLE
from agents.kafka.protocol import StableOffsetFetch

COORDINATOR_MOVES: Final = frozenset({14, 15, 16})
"""Loading, not available, not the coordinator."""


class GroupOffsets:
    """The committed offsets of one group in one topic."""

    def __init__(self, producer: TransactionalProducer, group: str, topic: str, *, mock_broker: bool) -> None:
        """Ask over the producer's connection; a mock broker knows no stable offsets and is not asked for them."""
        self._producer = producer
        self._group = group
        self._topic = topic
        self._mock = mock_broker

    async def stable(self, partitions: list[int]) -> dict[int, int | None]:
        """Wait until no transaction holds offsets of these partitions; give what is committed, None where nothing is.

        Whoever owned the partitions before, nothing of it can be committed after this.
        """
        while True:
            response = await self._ask(partitions)
            if response is not None:
                found = self._offsets(response)
                codes = {code for _offset, code in found.values()} - {0}
                if not codes:
                    return {part: offset if offset >= 0 else None for part, (offset, _code) in found.items()}
                if codes != {UNSTABLE}:
                    raise EngineError(f"offsets of {self._group}: {[for_code(code).__name__ for code in codes]}")
            await asyncio.sleep(RETRY_SECONDS)

    def _offsets(self, response: Any) -> dict[int, tuple[int, int]]:
        """Pick offset and error code of each partition; version 7 has the leader's epoch between them."""
        code = 3 if self._mock else 4
        return {part[0]: (part[1], part[code]) for _topic, parts, *_tags in response.topics for part in parts}

    async def _ask(self, partitions: list[int]) -> Any:
        sender = self._producer._sender
        node = await sender._find_coordinator(CoordinationType.GROUP, self._group)
        request: Any = StableOffsetFetch(self._group, self._topic, partitions)
        if self._mock:
            request = OffsetFetchRequest(self._group, [(self._topic, partitions)])
        try:
            response = await self._producer.client.send(node, request, group=ConnectionGroup.COORDINATION)
        except NotImplementedError:
            raise RefusedError(
                "this broker does not know OffsetFetch version 7 (stable offsets), so nothing can be exactly once "
                "on it: use Apache Kafka 2.5 or later"
            ) from None
        except KafkaError:
            sender._coordinator_dead(CoordinationType.GROUP)
            return None
        if response.error_code in COORDINATOR_MOVES:
            sender._coordinator_dead(CoordinationType.GROUP)
            return None
        if response.error_code:
            raise EngineError(f"offsets of {self._group}: {for_code(response.error_code).__name__}")
        return response
