"""The consumer of a group: read-committed, and it commits nothing by itself."""

from typing import Any

from aiokafka import AIOKafkaConsumer

from agents.kafka.connection import Connection


def make_group_consumer(
    connection: Connection, group: str, *, auto_offset_reset: str = "none", **limits: Any
) -> AIOKafkaConsumer:
    """Return a consumer of `group`, not started. A limit that stands in the connection's options wins over ours."""
    return AIOKafkaConsumer(
        group_id=group,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset=auto_offset_reset,
        **{**limits, **connection.arguments()},
    )
