"""Partitions: the same as those of every Kafka client's default partitioner."""

import pytest

from stream.partition import murmur2, partition_of

# The cases of Apache Kafka's own UtilsTest.testMurmur2, as signed 32-bit integers.
KAFKA_CASES = [
    (b"21", -973_932_308),
    (b"foobar", -790_332_482),
    (b"a-little-bit-long-string", -985_981_536),
    (b"a-little-bit-longer-string", -1_486_304_829),
    (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
    (b"abc", 479_470_107),
]


@pytest.mark.parametrize(("key", "signed"), KAFKA_CASES)
def test_hash_is_kafkas(key: bytes, signed: int) -> None:
    """The hash equals the one that Kafka's own tests expect."""
    assert murmur2(key) == signed & 0xFFFFFFFF


@pytest.mark.parametrize(("key", "signed"), KAFKA_CASES)
def test_partition_drops_the_sign_bit(key: bytes, signed: int) -> None:
    """A partition is the hash without its sign bit, modulo the number of partitions."""
    assert partition_of(key, 12) == (signed & 0x7FFFFFFF) % 12
    assert partition_of(key, 1) == 0


def test_number_of_partitions_is_part_of_the_question() -> None:
    """The cache tells topics with different partition counts apart."""
    assert [partition_of(b"foobar", count) for count in (4, 12, 4)] == [2, 6, 2]
