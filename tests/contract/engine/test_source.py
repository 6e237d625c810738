"""Where the engine relies on how a private part works, its source is pinned by digest: a change must be read first."""

import inspect
from hashlib import sha256
from importlib import import_module
from typing import Any

import pytest

from tests.syntax import uncollected

# What the engine overrides, calls or depends on: module, name, digest of the source as it was read, and what for.
PINS = [
    (
        "faust.app.base",
        "App._on_partitions_revoked",
        "d5c895bbe57d",
        "our revocation handler runs here, awaited, with the flow stopped",
    ),
    (
        "faust.app.base",
        "App._on_partitions_assigned",
        "de932b7927db",
        "returns before anything is restored, so heartbeats go on",
    ),
    ("faust.app.base", "App._stop_consumer", "55854a5de12c", "overridden: the engine closes before the group is left"),
    ("faust.app.base", "App.on_stop", "bfe5a933defb", "calls _stop_consumer first"),
    (
        "faust.app.base",
        "BootStrategy._should_enable_kafka_producer",
        "c2633729cf04",
        "Faust's own producer is not started",
    ),
    (
        "faust.serializers.schemas",
        "Schema.compile",
        "d46eec5ce319",
        "the chunk schema's two methods are all that decodes",
    ),
    ("faust.tables.manager", "TableManager.on_start", "365dd25fbc0e", "overridden without its second of waiting"),
    ("faust.tables.manager", "TableManager._update_channels", "88e3941facc9", "called by our on_start"),
    ("faust.tables.manager", "TableManager.on_rebalance", "2d2c23a07bf5", "starts the recovery"),
    (
        "faust.tables.recovery",
        "Recovery._resume_streams",
        "d986a6710c1a",
        "called by ours after the restore: seeks, then resumes the flow",
    ),
    (
        "faust.tables.recovery",
        "Recovery._restart_recovery.fun",
        "6bd8a8558a2d",
        "without tables it goes straight to _resume_streams",
    ),
    ("faust.tables.recovery", "Recovery.on_rebalance", "aa4d997a1795", "signals a restart for each generation"),
    (
        "faust.transport.consumer",
        "Consumer._drain_messages",
        "44a2500309e8",
        "hands on what our getmany yields; drops what lies behind the read offset",
    ),
    ("faust.transport.consumer", "Consumer.on_partitions_revoked", "d04b7ae72c6f", "forgets read offsets"),
    ("faust.transport.consumer", "Consumer.stop_flow", "cf7e875a2b0d", "ends our getmany"),
    (
        "faust.transport.consumer",
        "Consumer.force_commit",
        "cc094614d22c",
        "commits nothing, as nothing is acknowledged",
    ),
    ("faust.transport.consumer", "Consumer.ack", "5fcf41cf4515", "does nothing for a topic with acks off"),
    (
        "faust.transport.consumer",
        "ThreadDelegateConsumer.threadsafe_partitions_revoked",
        "6c55d67e9eb0",
        "the consumer's thread waits for our handler",
    ),
    (
        "faust.transport.drivers.aiokafka",
        "AIOKafkaConsumerThread.on_start",
        "38b4e8bd1e10",
        "creates and starts the consumer in its thread",
    ),
    (
        "faust.transport.drivers.aiokafka",
        "AIOKafkaConsumerThread.on_thread_stop",
        "8dfc004e258b",
        "stops the consumer, which leaves the group",
    ),
    (
        "faust.transport.drivers.aiokafka",
        "AIOKafkaConsumerThread._create_worker_consumer",
        "c2701bfc3e6f",
        "overridden: read_committed, no resets, sticky",
    ),
    (
        "faust.transport.drivers.aiokafka",
        "ConsumerRebalanceListener",
        "f3d04f29dfb3",
        "sets the generation before anything else",
    ),
    (
        "faust.transport.conductor",
        "Conductor._update_indices",
        "619b3247b96a",
        "acks=False keeps a topic out of all commit bookkeeping",
    ),
    ("mode.threads", "QueueServiceThread.call_thread", "479edda75b54", "runs a coroutine in the consumer's thread"),
    ("mode.threads", "ServiceThread._serve", "67809eae0957", "on_start runs in the thread's own loop"),
    ("mode.services", "Service.stop", "e17cd2b6bd01", "on_stop comes before the children stop"),
    (
        "aiokafka.consumer.fetcher",
        "Fetcher.fetched_records",
        "be4348896b9b",
        "with timeout 0 and no change in progress it never waits",
    ),
    ("aiokafka.consumer.fetcher", "Fetcher._create_fetch_waiter", "61d840568746", "the pump waits on it"),
    (
        "aiokafka.consumer.fetcher",
        "Fetcher._get_actions_per_node",
        "1dab2cf937d1",
        "reads the fetch's wait and minimum anew for each request",
    ),
    ("aiokafka.consumer.fetcher", "Fetcher.seek_to", "f0ba6aba6c22", "drops what was fetched before a seek"),
    (
        "aiokafka.consumer.fetcher",
        "Fetcher._proc_offset_request",
        "40c09472da94",
        "asks with the isolation level of the moment",
    ),
    (
        "aiokafka.consumer.fetcher",
        "FetchResult.getall",
        "3e717e30de50",
        "takes all of a fetch and moves the position past control records",
    ),
    ("aiokafka.consumer.fetcher", "PartitionRecords._unpack_records", "b803e6d46480", "skips aborted batches"),
    (
        "aiokafka.consumer.group_coordinator",
        "GroupCoordinator._on_join_prepare",
        "4d9524afc0ee",
        "marks the change before the handler is called",
    ),
    (
        "aiokafka.consumer.group_coordinator",
        "GroupCoordinator._on_join_complete",
        "0b0b3d204b40",
        "the assignment is replaced after the generation is known",
    ),
    (
        "aiokafka.consumer.group_coordinator",
        "GroupCoordinator.reset_generation",
        "537aa37c531b",
        "a member that was forgotten has generation -1",
    ),
    (
        "aiokafka.consumer.subscription_state",
        "Subscription._assign",
        "bf731e02b121",
        "a new assignment for each generation",
    ),
    (
        "aiokafka.coordinator.assignors.sticky.sticky_assignor",
        "StickyPartitionAssignor",
        "c1e57411c9e1",
        "keeps partitions where they are",
    ),
    (
        "aiokafka.producer.producer",
        "AIOKafkaProducer.send_batch",
        "bf42b0f0c5c0",
        "sends a batch of ours to an explicit partition",
    ),
    (
        "aiokafka.producer.producer",
        "AIOKafkaProducer.commit_transaction",
        "c7f9677c8941",
        "waits for the end of the transaction",
    ),
    ("aiokafka.producer.message_accumulator", "BatchBuilder", "8050802ca751", "we append past it and set its count"),
    (
        "aiokafka.producer.message_accumulator",
        "MessageAccumulator.add_batch",
        "5ed1c5b1367a",
        "one batch of a partition waits at a time",
    ),
    (
        "aiokafka.producer.message_accumulator",
        "MessageAccumulator.flush_for_commit",
        "39683730fcff",
        "does not look at how batches ended",
    ),
    (
        "aiokafka.producer.sender",
        "Sender._sender_routine",
        "2380dc5e333d",
        "one transactional request at a time, partitions first",
    ),
    ("aiokafka.producer.sender", "Sender._do_txn_offset_commit", "3841d6ec6c96", "overridden with the fenced request"),
    ("aiokafka.producer.sender", "Sender._do_add_partitions_to_txn", "b1330b91841c", "overridden with the quick retry"),
    ("aiokafka.producer.sender", "TxnOffsetCommitHandler", "7f296a144356", "ours extends it"),
    ("aiokafka.producer.sender", "AddPartitionsToTxnHandler", "112129b2ac04", "ours extends it"),
    ("aiokafka.producer.sender", "BaseHandler.do", "1106439a38fe", "sleeps for what handle_response gives"),
    ("aiokafka.producer.sender", "Sender._find_coordinator", "33001a36bf6a", "asked for the group's coordinator"),
    ("aiokafka.producer.transaction_manager", "TransactionManager", "d0932794d69a", "its state, its pending offsets"),
    (
        "aiokafka.producer.sender",
        "Sender.close",
        "f60b3d023d25",
        "ends the task that sends",
    ),
    ("aiokafka.producer.producer", "AIOKafkaProducer.stop", "43ef97147111", "waits for all that was handed over"),
    ("aiokafka.admin.client", "AIOKafkaAdminClient._send_request", "1ed126f126dd", "sends a request of ours to a node"),
    ("aiokafka.client", "AIOKafkaClient._wait_on_metadata", "52b0a5ee78ef", "tells the partitions of any topic"),
    (
        "aiokafka.conn",
        "AIOKafkaConnection._do_version_lookup",
        "f163772b18ad",
        "sets what the doctor reads",
    ),
    ("aiokafka.protocol.api", "Request", "1dc66f0574be", "our two requests extend it"),
]


def find(module: str, name: str) -> Any:
    """Return a function or class by its dotted name."""
    found: Any = import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def digest(thing: Any) -> str:
    """Digest a source, comments and all."""
    with uncollected():
        return sha256(inspect.getsource(thing).encode()).hexdigest()[:12]


@pytest.mark.parametrize(("module", "name", "pinned", "reason"), PINS, ids=[pin[1] for pin in PINS])
def test_the_source_is_the_one_that_was_read(module: str, name: str, pinned: str, reason: str) -> None:
    """The private part has not changed since the engine was written on it."""
    assert digest(find(module, name)) == pinned, f"read {module}:{name} anew, it is relied on for: {reason}"


def test_a_changed_source_is_noticed() -> None:
    """Two different functions have different digests, so the pins can fail."""
    assert digest(find) != digest(digest)
