"""The Kafka requests that aiokafka 0.14 lacks: offsets fenced by generation (KIP-447), and stable offsets.

And one that it has got wrong: it cannot read the answer to a description of groups in version 3.
"""

from typing import Any, NamedTuple

from aiokafka.protocol.admin import DescribeGroupsRequest_v2
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

TEXT = CompactString("utf-8")
TAGS = ("tags", TaggedFields)
NO_TAGS: dict[int, bytes] = {}
NO_LEADER_EPOCH = -1


class GroupMember(NamedTuple):
    """A member of the consumer group in one generation; the broker refuses offsets that come under another."""

    generation: int
    member_id: str


NO_MEMBER = GroupMember(-1, "")
"""Not a member of any generation."""


class TxnOffsetCommitResponseV3(Response):
    """An error code for each partition."""

    API_KEY = 28
    API_VERSION = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "errors",
            CompactArray(
                ("topic", TEXT),
                ("partition_errors", CompactArray(("partition", Int32), ("error_code", Int16), TAGS)),
                TAGS,
            ),
        ),
        TAGS,
    )


class TxnOffsetCommitRequestV3(RequestStruct):
    """Offsets in a transaction; the broker refuses them unless the member is of this generation."""

    FLEXIBLE_VERSION = True
    API_KEY = 28
    API_VERSION = 3
    RESPONSE_TYPE = TxnOffsetCommitResponseV3
    SCHEMA = Schema(
        ("transactional_id", TEXT),
        ("group_id", TEXT),
        ("producer_id", Int64),
        ("producer_epoch", Int16),
        ("generation_id", Int32),
        ("member_id", TEXT),
        ("group_instance_id", TEXT),
        (
            "topics",
            CompactArray(
                ("topic", TEXT),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("offset", Int64),
                        ("leader_epoch", Int32),
                        ("metadata", TEXT),
                        TAGS,
                    ),
                ),
                TAGS,
            ),
        ),
        TAGS,
    )


class FencedOffsetCommit(Request[TxnOffsetCommitRequestV3]):
    """Commit offsets in a transaction under a group generation and member id."""

    API_KEY = 28

    def __init__(
        self, transactional_id: str, group: str, producer: tuple[int, int], member: GroupMember, offsets: dict[str, Any]
    ) -> None:
        """Take the producer's id and epoch, the group's member, and for each topic a list of (partition, offset)."""
        self._head = (transactional_id, group, *producer, member.generation, member.member_id, None)
        self._offsets = offsets

    def build(self, request_struct_class: type[TxnOffsetCommitRequestV3]) -> TxnOffsetCommitRequestV3:
        """Lay the request out for the wire."""
        topics = [
            (topic, [(partition, offset, NO_LEADER_EPOCH, "", NO_TAGS) for partition, offset in offsets], NO_TAGS)
            for topic, offsets in self._offsets.items()
        ]
        return request_struct_class(*self._head, topics, NO_TAGS)


class OffsetFetchResponseV7(Response):
    """Committed offsets; -1 where there is none, an error where a transaction over the partition is pending."""

    API_KEY = 9
    API_VERSION = 7
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "topics",
            CompactArray(
                ("topic", TEXT),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("offset", Int64),
                        ("leader_epoch", Int32),
                        ("metadata", TEXT),
                        ("error_code", Int16),
                        TAGS,
                    ),
                ),
                TAGS,
            ),
        ),
        ("error_code", Int16),
        TAGS,
    )


class OffsetFetchRequestV7(RequestStruct):
    """Ask for committed offsets, stable ones only if wanted."""

    FLEXIBLE_VERSION = True
    API_KEY = 9
    API_VERSION = 7
    RESPONSE_TYPE = OffsetFetchResponseV7
    SCHEMA = Schema(
        ("group_id", TEXT),
        ("topics", CompactArray(("topic", TEXT), ("partitions", CompactArray(Int32)), TAGS)),
        ("require_stable", Boolean),
        TAGS,
    )


class StableOffsetFetch(Request[OffsetFetchRequestV7]):
    """Ask for the committed offsets of a topic's partitions, none of which may have a transaction pending."""

    API_KEY = 9

    def __init__(self, group: str, topic: str, partitions: list[int]) -> None:
        """Take the group and the partitions of one topic."""
        self._group = group
        self._topic = topic
        self._partitions = partitions

    def build(self, request_struct_class: type[OffsetFetchRequestV7]) -> OffsetFetchRequestV7:
        """Lay the request out for the wire."""
        topics = [(self._topic, self._partitions, NO_TAGS)]
        return request_struct_class(self._group, topics, True, NO_TAGS)


class GroupDescription(Request[DescribeGroupsRequest_v2]):
    """Ask who is in a group, in the version whose answer aiokafka can read."""

    API_KEY = 15

    def __init__(self, group: str) -> None:
        """Take the group."""
        self._group = group

    def build(self, request_struct_class: type[DescribeGroupsRequest_v2]) -> DescribeGroupsRequest_v2:
        """Lay the request out for the wire."""
        return request_struct_class([self._group])
