"""What compaction leaves of a changelog, for tests that restore tables from one."""

from collections.abc import Iterable


def compacted(records: Iterable[tuple[bytes, bytes | None]]) -> dict[bytes, bytes]:
    """Return what is left of changelog records after compaction."""
    left: dict[bytes, bytes] = {}
    for key, value in records:
        if value is None:
            left.pop(key, None)
        else:
            left[key] = value
    return left
