"""Partitions of any key: ours and aiokafka's agree."""

from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as theirs
from hypothesis import example, given
from hypothesis import strategies as st

from stream.partition import murmur2, partition_of


@given(st.binary(max_size=40), st.integers(1, 12))
@example(b"longer than 252 bytes", 20)
def test_hash_equals_aiokafkas(key: bytes, times: int) -> None:
    """Keys of every length, also longer than the prepared unpackers, hash alike."""
    assert murmur2(key * times) == theirs(key * times)


@given(st.binary(min_size=1, max_size=60), st.integers(1, 64))
def test_partition_equals_aiokafkas(key: bytes, partitions: int) -> None:
    """A record that we place lands where aiokafka's producer would have put it."""
    every = list(range(partitions))
    assert partition_of(key, partitions) == DefaultPartitioner()(key, every, every)
