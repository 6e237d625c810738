"""Records that were made to take long to read: each is refused as a dead letter, and delays those behind it little."""

import random
from collections.abc import Iterator

BYTES = 40_000


def hostile_values(dice: random.Random) -> Iterator[bytes]:
    """Yield one such value after another, for ever, each kind in turn with a length of its own."""
    kinds = (
        (b'{"a":"', b'\\"', b""),  # a string that never ends, full of escapes
        (b'{"a":"', b"\\\\", b""),
        (b"", b"[", b""),  # nesting that never ends
        (b"", b'{"a":', b""),
        (b'{"a":', b"9", b"}"),  # one number
        (b'{"specversion":"1.0","data":{', b'"a":0,', b'"a":0}}'),  # one name again and again
    )
    while True:
        for before, again, after in kinds:
            yield before + again * (dice.randrange(BYTES // 2, BYTES) // len(again)) + after
