"""Structures of programmes in a table: each is compared by itself, new ones are added."""

from state.structures import add_structures, held_structures, refused_structures
from state.table import PARTITION_ROOT, Table, changelog_key

HELD = {"kr": "1111", "us-321": "2222"}


def table_of(programmes: dict[str, str]) -> Table:
    """A table that was built under these programmes, with other rows of its partition."""
    table = Table()
    overlay = table.overlay()
    overlay.group(PARTITION_ROOT).put(b"fingerprint", b"f")
    add_structures(overlay.group(PARTITION_ROOT), programmes)
    overlay.join()
    return table


def refused(programmes: dict[str, str]) -> list[str]:
    """What a worker with these programmes says of the table."""
    return list(refused_structures(table_of(HELD).rows_of(PARTITION_ROOT), programmes))


def test_structures_come_back() -> None:
    """The rows hold what was written, beside the partition's other rows."""
    assert held_structures(table_of(HELD).rows_of(PARTITION_ROOT)) == HELD
    assert held_structures(Table().rows_of(PARTITION_ROOT)) == {}


def test_same_and_further_programmes_are_not_refused() -> None:
    """A worker with all programmes of the table goes on with it, and may have more."""
    assert refused(HELD) == []
    assert refused({**HELD, "az": "3333"}) == []


def test_missing_and_changed_programmes_are_refused_one_by_one() -> None:
    """Each is named, with what is the matter."""
    assert refused({"az": "3333", "us-321": "9999"}) == [
        "kr is not enabled, and the table was built with it",
        "us-321 has another structure (2222, now 9999)",
    ]


def test_new_programmes_are_added_and_held_ones_not_written_again() -> None:
    """A transaction that finds all rows there writes none of them."""
    table = table_of(HELD)
    overlay = table.overlay()
    add_structures(overlay.group(PARTITION_ROOT), {**HELD, "az": "3333"})
    assert [key for key, _ in overlay.changes()] == [changelog_key(PARTITION_ROOT, b"programme:az")]
    overlay.join()
    assert held_structures(table.rows_of(PARTITION_ROOT)) == {**HELD, "az": "3333"}
