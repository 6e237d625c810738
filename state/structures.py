"""Rows that say under which programmes a table was built: the fingerprint of the structure of each.

The partition's root has one row per programme. Each is compared by itself, so that you can enable a programme without
a rebuild. A worker refuses a table with a programme that it does not have, or has with another structure.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from state.rules.rulebook import Rulebook
from state.table import Group, Rows

PROGRAMME_ROW: Final = b"programme:"
"""Start of the suffix of a programme's row, under the partition's root; the id follows."""


def structures_of(rulebook: Rulebook) -> dict[str, str]:
    """Return the fingerprint of the structure of each enabled programme, by programme."""
    return {name: programme.fingerprint for name, programme in rulebook.programmes.items()}


def held_structures(partition_rows: Rows) -> dict[str, str]:
    """Return the fingerprints that the rows of a partition's root hold, by programme."""
    return {
        suffix.removeprefix(PROGRAMME_ROW).decode(): value.decode()
        for suffix, value in sorted(partition_rows.items())
        if suffix.startswith(PROGRAMME_ROW)
    }


def refused_structures(partition_rows: Rows, programmes: Mapping[str, str]) -> Iterator[str]:
    """Return, in words, why a worker with these programmes must refuse the table; nothing if it may use it."""
    for programme, fingerprint in held_structures(partition_rows).items():
        if programme not in programmes:
            yield f"{programme} is not enabled, and the table was built with it"
        elif programmes[programme] != fingerprint:
            yield f"{programme} has another structure ({fingerprint}, now {programmes[programme]})"


def add_structures(partition: Group, programmes: Mapping[str, str]) -> None:
    """Write the rows of the programmes that the table does not hold yet. Call it after `refused_structures`."""
    for programme, fingerprint in programmes.items():
        suffix = PROGRAMME_ROW + programme.encode()
        if partition.get(suffix) is None:
            partition.put(suffix, fingerprint.encode())
