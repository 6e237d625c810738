"""What a table says of the programmes that it was built under: the fingerprint of the structure of each.

One row a programme stands under the partition's root. Each is compared by itself, so that a programme can be added
without a rebuild; a table that holds one the worker does not have, or has with another structure, is refused.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from state.table import Group, Rows

PROGRAMME_ROW: Final = b"programme:"
"""Begins the suffix, under the partition's root, of the row of a programme; its id follows."""


def held_structures(partition_rows: Rows) -> dict[str, str]:
    """Return the fingerprints that the rows of a partition's root hold, by programme."""
    return {
        suffix.removeprefix(PROGRAMME_ROW).decode(): value.decode()
        for suffix, value in sorted(partition_rows.items())
        if suffix.startswith(PROGRAMME_ROW)
    }


def refused_structures(partition_rows: Rows, programmes: Mapping[str, str]) -> Iterator[str]:
    """Say of each programme of the table that a worker with these programmes must refuse what is the matter."""
    for programme, fingerprint in held_structures(partition_rows).items():
        if programme not in programmes:
            yield f"{programme} is not enabled, and the table was built with it"
        elif programmes[programme] != fingerprint:
            yield f"{programme} has another structure ({fingerprint}, now {programmes[programme]})"


def add_structures(partition: Group, programmes: Mapping[str, str]) -> None:
    """Write the rows of programmes that the table does not hold yet; those that it holds were not refused."""
    for programme, fingerprint in programmes.items():
        suffix = PROGRAMME_ROW + programme.encode()
        if partition.get(suffix) is None:
            partition.put(suffix, fingerprint.encode())
