"""Requests that aiokafka lacks and only the doctor sends: what a login may do, and how full the disks are.

A response is paired with its request by `Request.prepare`; versions are the lowest that have what we ask for.
"""

from typing import Any, Final

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Array,
    Boolean,
    Bytes,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    String,
    TaggedFields,
)

TEXT: Final = CompactString("utf-8")
OLD_TEXT: Final = String("utf-8")
TAGS: Final = ("tags", TaggedFields)
NO_TAGS: Final[dict[int, bytes]] = {}

OPERATIONS: Final = {
    "Read": 3, "Write": 4, "Create": 5, "Delete": 6, "Alter": 7, "Describe": 8, "DescribeConfigs": 10
}  # fmt: skip
"""Bits of what a login may do, by the names of Kafka's access lists."""
NOT_SAID: Final = -2_147_483_648


class MetadataResponseV8(Response):
    """Topics with what this login may do with them."""

    API_KEY = 3
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", Array(("node_id", Int32), ("host", OLD_TEXT), ("port", Int32), ("rack", OLD_TEXT))),
        ("cluster_id", OLD_TEXT),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("topic", OLD_TEXT),
                ("is_internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", Array(Int32)),
                        ("isr", Array(Int32)),
                        ("offline_replicas", Array(Int32)),
                    ),
                ),
                ("authorized_operations", Int32),
            ),
        ),
        ("authorized_operations", Int32),
    )


class MetadataRequestV8(RequestStruct):
    """Ask about topics."""

    API_KEY = 3
    API_VERSION = 8
    RESPONSE_TYPE = MetadataResponseV8
    SCHEMA = Schema(
        ("topics", Array(OLD_TEXT)),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
    )


class TopicsAsked(Request[MetadataRequestV8]):
    """Ask about topics and what this login may do with them; makes none."""

    API_KEY = 3

    def __init__(self, topics: list[str]) -> None:
        """Take the names."""
        self._topics = topics

    def build(self, request_struct_class: type[MetadataRequestV8]) -> MetadataRequestV8:
        """Lay the request out for the wire."""
        return request_struct_class(self._topics, False, False, True)


class GroupsResponseV3(Response):
    """Groups with what this login may do with them; aiokafka's own version 3 reads its answer as a version 2."""

    API_KEY = 15
    API_VERSION = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "groups",
            Array(
                ("error_code", Int16),
                ("group", OLD_TEXT),
                ("state", OLD_TEXT),
                ("protocol_type", OLD_TEXT),
                ("protocol", OLD_TEXT),
                (
                    "members",
                    Array(
                        ("member_id", OLD_TEXT),
                        ("client_id", OLD_TEXT),
                        ("client_host", OLD_TEXT),
                        ("metadata", Bytes),
                        ("assignment", Bytes),
                    ),
                ),
                ("authorized_operations", Int32),
            ),
        ),
    )


class GroupsRequestV3(RequestStruct):
    """Ask about groups."""

    API_KEY = 15
    API_VERSION = 3
    RESPONSE_TYPE = GroupsResponseV3
    SCHEMA = Schema(("groups", Array(OLD_TEXT)), ("include_authorized_operations", Boolean))


class GroupsAsked(Request[GroupsRequestV3]):
    """Ask a group's coordinator about it and what this login may do with it."""

    API_KEY = 15

    def __init__(self, groups: list[str]) -> None:
        """Take the names."""
        self._groups = groups

    def build(self, request_struct_class: type[GroupsRequestV3]) -> GroupsRequestV3:
        """Lay the request out for the wire."""
        return request_struct_class(self._groups, True)


class TransactionsResponseV0(Response):
    """What is known of transactional ids."""

    API_KEY = 65
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "states",
            CompactArray(
                ("error_code", Int16),
                ("transactional_id", TEXT),
                ("state", TEXT),
                ("timeout_ms", Int32),
                ("start_ms", Int64),
                ("producer_id", Int64),
                ("producer_epoch", Int16),
                ("topics", CompactArray(("topic", TEXT), ("partitions", CompactArray(Int32)), TAGS)),
                TAGS,
            ),
        ),
        TAGS,
    )


class TransactionsRequestV0(RequestStruct):
    """Ask about transactional ids."""

    FLEXIBLE_VERSION = True
    API_KEY = 65
    API_VERSION = 0
    RESPONSE_TYPE = TransactionsResponseV0
    SCHEMA = Schema(("transactional_ids", CompactArray(TEXT)), TAGS)


class TransactionsAsked(Request[TransactionsRequestV0]):
    """Ask about transactional ids; the answer to one that is not ours to use is an error."""

    API_KEY = 65

    def __init__(self, names: list[str]) -> None:
        """Take the ids."""
        self._names = names

    def build(self, request_struct_class: type[TransactionsRequestV0]) -> TransactionsRequestV0:
        """Lay the request out for the wire."""
        return request_struct_class(self._names, NO_TAGS)


class LogDirsResponseV4(Response):
    """Folders of a broker with the room on their disks."""

    API_KEY = 35
    API_VERSION = 4
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        (
            "results",
            CompactArray(
                ("error_code", Int16),
                ("log_dir", TEXT),
                (
                    "topics",
                    CompactArray(
                        ("topic", TEXT),
                        (
                            "partitions",
                            CompactArray(
                                ("partition", Int32), ("size", Int64), ("lag", Int64), ("is_future", Boolean), TAGS
                            ),
                        ),
                        TAGS,
                    ),
                ),
                ("total_bytes", Int64),
                ("usable_bytes", Int64),
                TAGS,
            ),
        ),
        TAGS,
    )


class LogDirsRequestV4(RequestStruct):
    """Ask a broker about its folders."""

    FLEXIBLE_VERSION = True
    API_KEY = 35
    API_VERSION = 4
    RESPONSE_TYPE = LogDirsResponseV4
    SCHEMA = Schema(("topics", CompactArray(("topic", TEXT), ("partitions", CompactArray(Int32)), TAGS)), TAGS)


class LogDirsAsked(Request[LogDirsRequestV4]):
    """Ask a broker how much room is left; of no topic in particular."""

    API_KEY = 35

    def build(self, request_struct_class: type[LogDirsRequestV4]) -> LogDirsRequestV4:
        """Lay the request out for the wire."""
        return request_struct_class([], NO_TAGS)


def may(bits: int, operation: str) -> bool:
    """Tell whether an operation is among those that are allowed."""
    return bool(bits >> OPERATIONS[operation] & 1)


def allows(answer: Any) -> dict[str, int]:
    """Return what the login may do with each topic, as bits; nothing where the topic is hidden or not there."""
    return {each[1]: max(0, each[4]) if each[4] != NOT_SAID else 0 for each in answer.topics if not each[0]}
