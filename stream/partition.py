"""The partition of a record key: murmur2, as Java's and aiokafka's default partitioners compute it.

This is our own code for two reasons. A step must name the partition of an outgoing record and check that of an incoming
one. And aiokafka's function takes three times as long.
"""

from functools import lru_cache
from struct import Struct

_SEED = 0x9747B28C
_MULTIPLIER = 0x5BD1E995
_MASK = 0xFFFFFFFF

# Unpackers of 0 to 63 words; a longer key is rare and gets its own.
_WORDS = tuple(Struct(f"<{count}I").unpack_from for count in range(64))


def murmur2(key: bytes) -> int:
    """Return the hash of a key in 32 unsigned bits, as `org.apache.kafka.common.utils.Utils.murmur2` computes it."""
    length = len(key)
    count = length >> 2
    unpack = _WORDS[count] if count < 64 else Struct(f"<{count}I").unpack_from
    digest = _SEED ^ length
    for word in unpack(key):
        mixed = word * _MULTIPLIER & _MASK
        # One mask for both products: the lower bits of an xor depend on the lower bits only.
        digest = (digest * _MULTIPLIER ^ (mixed ^ mixed >> 24) * _MULTIPLIER) & _MASK
    if length & 3:
        digest = (digest ^ int.from_bytes(key[count << 2 :], "little")) * _MULTIPLIER & _MASK
    digest = (digest ^ digest >> 13) * _MULTIPLIER & _MASK
    return digest ^ digest >> 15


# A posting's key occurs with every bill of the consignee; 32768 keys take about 8 MB.
@lru_cache(maxsize=32_768)
def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of a key in a topic of `partitions` (at least 1); the sign bit is dropped, as in Kafka."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
