"""The worker's one transactional producer: aiokafka's, with offsets fenced by the group's generation (KIP-447)."""

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.client import CoordinationType
from aiokafka.errors import for_code
from aiokafka.producer.sender import AddPartitionsToTxnHandler, Sender, TxnOffsetCommitHandler
from aiokafka.structs import OffsetAndMetadata

from agents.engine.engine_settings import EngineSettings
from agents.kafka.errors import FencedError
from agents.kafka.protocol import NO_MEMBER, FencedOffsetCommit, GroupMember

FENCED_CODES = frozenset({22, 25, 27, 82})
"""Illegal generation, unknown member, rebalance in progress, fenced instance id."""


class FencedOffsetCommitHandler(TxnOffsetCommitHandler):
    """Sends the offsets of a transaction with the member of its chunks."""

    def create_request(self) -> FencedOffsetCommit:
        """Return the request in version 3."""
        manager = self._sender._txn_manager
        offsets: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for partition, committed in sorted(self._offsets.items()):
            offsets[partition.topic].append((partition.partition, committed.offset))
        producer = (manager.producer_id, manager.producer_epoch)
        return FencedOffsetCommit(
            manager.transactional_id, self._group_id, producer, self._sender.member, dict(offsets)
        )

    def handle_response(self, resp: Any) -> float | None:
        """Fail the offsets where the group has moved on; the rest is aiokafka's.

        aiokafka's own way of failing forgets which partitions take part, and would then not abort them on the broker.
        """
        errors = [(topic, [(part[0], part[1]) for part in parts]) for topic, parts, _tags in resp.errors]
        for topic, parts in errors:
            for partition, code in parts:
                if code in FENCED_CODES:
                    name = for_code(code).__name__
                    fenced = FencedError(f"the group refused the offset of {topic}-{partition}: {name}")
                    _group, _offsets, committed = self._sender._txn_manager._pending_txn_offsets.popleft()
                    committed.set_exception(fenced)
                    return None
        backoff: float | None = super().handle_response(SimpleNamespace(errors=errors))
        return backoff


class QuickAddPartitionsHandler(AddPartitionsToTxnHandler):
    """Asks again soon while the previous transaction is being completed, where aiokafka would wait 20 ms."""

    def handle_response(self, resp: Any) -> float | None:
        """Shorten the wait, if there is one."""
        backoff: float | None = super().handle_response(resp)
        return None if backoff is None else min(backoff, self._default_backoff)


class FencedSender(Sender):
    """aiokafka's sender with our two handlers; `member` is that of the running transaction."""

    member: GroupMember = NO_MEMBER

    async def _do_txn_offset_commit(self, offsets: dict[TopicPartition, OffsetAndMetadata], group_id: str) -> None:
        if not offsets:
            return
        node = await self._find_coordinator(CoordinationType.GROUP, group_id)
        await FencedOffsetCommitHandler(self, offsets, group_id).do(node)

    async def _do_add_partitions_to_txn(self, tps: set[TopicPartition]) -> bool:
        manager = self._txn_manager
        node = await self._find_coordinator(CoordinationType.TRANSACTION, manager.transactional_id)
        done: bool = await QuickAddPartitionsHandler(self, tps).do(node)
        return done


class TransactionalProducer(AIOKafkaProducer):
    """A transactional producer whose offsets are fenced."""

    def __init__(self, settings: EngineSettings) -> None:
        """Make a producer of the running event loop; it connects when started."""
        super().__init__(
            transactional_id=settings.transactional_id,
            transaction_timeout_ms=settings.transaction_timeout_ms,
            retry_backoff_ms=settings.retry_backoff_ms,
            max_batch_size=settings.batch_bytes,
            linger_ms=0,
            compression_type=settings.compression,
            **settings.connection.arguments(),
        )
        plain: Sender = self._sender  # type: ignore[has-type]
        self._sender = FencedSender(
            self.client,
            acks=plain._acks,
            txn_manager=self._txn_manager,
            message_accumulator=self._message_accumulator,
            retry_backoff_ms=settings.retry_backoff_ms,
            request_timeout_ms=plain._request_timeout_ms,
        )

    async def drop_pending(self, group: str) -> None:
        """Have the broker drop offsets of the group that a predecessor of our name left pending, if there are any.

        A broker that was frozen or starved can keep the offsets of a transaction that it has long aborted. They are
        pending for good: no worker can take these partitions over, and the next commit under our name would make them
        count. Aborting a transaction with the group in it ends them.
        """
        await self.begin_transaction()
        while self._txn_manager._txn_consumer_group is None:
            await self._sender._do_add_offsets_to_txn(group)
        await self.abort_transaction()

    def commit_offsets(self, group: str, offsets: dict[TopicPartition, int], member: GroupMember) -> Any:
        """Add the offsets to the open transaction; the future fails with `FencedError` if the member is not current."""
        self._sender.member = member
        committed = {partition: OffsetAndMetadata(offset, "") for partition, offset in offsets.items()}
        return self._txn_manager.add_offsets_to_txn(committed, group)
