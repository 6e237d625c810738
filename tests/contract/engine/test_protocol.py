"""The two requests that the engine adds, byte for byte as Kafka's protocol guide lays them out."""

import pytest
from aiokafka.errors import IncompatibleBrokerVersion

from agents.kafka.protocol import (
    FencedOffsetCommit,
    GroupMember,
    OffsetFetchRequestV7,
    OffsetFetchResponseV7,
    StableOffsetFetch,
    TxnOffsetCommitRequestV3,
    TxnOffsetCommitResponseV3,
)


def test_offsets_are_committed_with_generation_and_member() -> None:
    """TxnOffsetCommit version 3: compact strings, generation, member, null instance, tags at every level."""
    request = FencedOffsetCommit("id", "g", (7, 2), GroupMember(5, "m"), {"t": [(3, 9)]}).prepare({28: (0, 5)})
    assert isinstance(request, TxnOffsetCommitRequestV3)
    assert request.encode() == (
        b"\x03id\x02g"
        + (7).to_bytes(8, "big")
        + (2).to_bytes(2, "big")
        + (5).to_bytes(4, "big")
        + b"\x02m\x00"
        + b"\x02\x02t\x02"
        + (3).to_bytes(4, "big")
        + (9).to_bytes(8, "big")
        + b"\xff\xff\xff\xff\x01\x00\x00\x00"
    )


def test_the_answer_names_an_error_for_each_partition() -> None:
    """An answer of two partitions, one refused for its generation (22)."""
    answer = b"\x00\x00\x00\x00\x02\x02t\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x02\x00\x16\x00\x00\x00"
    decoded = TxnOffsetCommitResponseV3.decode(answer)
    assert [(topic, [part[:2] for part in parts]) for topic, parts, _ in decoded.errors] == [("t", [(1, 0), (2, 22)])]


def test_stable_offsets_are_asked_for() -> None:
    """OffsetFetch version 7 ends in require_stable."""
    request = StableOffsetFetch("g", "t", [0, 1]).prepare({9: (1, 9)})
    assert isinstance(request, OffsetFetchRequestV7)
    assert request.encode() == b"\x02g\x02\x02t\x03\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00"


def test_an_offset_with_a_transaction_pending_is_told_apart() -> None:
    """Error 88, unstable, stands with the partition."""
    part = b"\x00\x00\x00\x01" + b"\xff" * 8 + b"\xff\xff\xff\xff" + b"\x01" + b"\x00\x58" + b"\x00"
    decoded = OffsetFetchResponseV7.decode(b"\x00\x00\x00\x00\x02\x02t\x02" + part + b"\x00" + b"\x00\x00\x00")
    assert [(parts[0][0], parts[0][4]) for _topic, parts, _tags in decoded.topics] == [(1, 88)]


@pytest.mark.parametrize(
    "request_", [StableOffsetFetch("g", "t", [0]), FencedOffsetCommit("i", "g", (1, 1), GroupMember(1, "m"), {})]
)
def test_an_old_broker_is_not_asked_in_an_older_version(request_: StableOffsetFetch | FencedOffsetCommit) -> None:
    """There is no older version to fall back to: without these the engine must not run."""
    with pytest.raises(NotImplementedError):
        request_.prepare({9: (0, 6), 28: (0, 2)})
    with pytest.raises(IncompatibleBrokerVersion):
        request_.prepare({})
