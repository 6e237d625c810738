"""Indexes kept beside the rows: they leave the table while a transaction uses them, and may be lost at any time."""

import pytest

from state.table import CACHED_WEIGHT_MAX, Table, changelog_key

ROOT = b"na2:one"


def kept(*weights: int) -> Table:
    """Return a table that was given indexes of these weights, one after the other; each is the number of its root."""
    table = Table()
    for number, weight in enumerate(weights):
        overlay = table.overlay()
        overlay.keep_index(b"%d" % number, number, weight)
        overlay.join()
    return table


def held(table: Table, count: int) -> list[int]:
    """Name the indexes that are still there; each look is a transaction that fails."""
    return [number for number in range(count) if table.overlay().index(b"%d" % number) == number]


def test_an_index_comes_back_with_the_join() -> None:
    """What a transaction kept is found by itself at once, and by the next one once it joined."""
    table, index = Table(), object()
    overlay = table.overlay()
    assert overlay.index(ROOT) is None
    overlay.keep_index(ROOT, index, 1)
    assert overlay.index(ROOT) is index
    overlay.join()
    assert table.overlay().index(ROOT) is index


def test_an_index_is_lost_with_its_transaction() -> None:
    """An index changes in place, so a transaction that fails takes it away, used or kept."""
    table = kept(1)
    overlay = table.overlay()
    assert overlay.index(b"0") == 0
    overlay.keep_index(b"0", 0, 1)
    assert table.overlay().index(b"0") is None


@pytest.mark.parametrize("taken", [False, True])
def test_an_index_is_dropped_where_rows_change_without_it(*, taken: bool) -> None:
    """Dropping forgets the index in the transaction and in the table below."""
    table = kept(1)
    overlay = table.overlay()
    if taken:
        overlay.keep_index(b"0", overlay.index(b"0"), 1)
    overlay.drop_index(b"0")
    assert overlay.index(b"0") is None
    overlay.join()
    assert held(table, 1) == []


def test_restoring_drops_every_index() -> None:
    """Indexes were derived from rows that are no longer the newest, and their weight goes with them."""
    table = kept(CACHED_WEIGHT_MAX // 2, CACHED_WEIGHT_MAX // 2)
    for _ in table.restore({changelog_key(ROOT, b"b"): b"row"}):
        pass
    overlay = table.overlay()
    for number in (2, 3):
        overlay.keep_index(b"%d" % number, number, CACHED_WEIGHT_MAX // 2)
    overlay.join()
    assert held(table, 4) == [2, 3]


def test_the_least_recently_used_go_first() -> None:
    """Beyond the weight that a table keeps, indexes go in the order in which they were last kept."""
    third = CACHED_WEIGHT_MAX // 3
    table = kept(third, third, third)
    overlay = table.overlay()
    overlay.keep_index(b"0", overlay.index(b"0"), third)
    overlay.join()
    overlay = table.overlay()
    overlay.keep_index(b"3", 3, third)
    overlay.join()
    assert held(table, 4) == [0, 2, 3]


def test_one_index_is_kept_however_heavy_it_is() -> None:
    """The book of a giant consignee alone may exceed the bound: building it again each time would cost more."""
    assert held(kept(1, CACHED_WEIGHT_MAX + 1), 2) == [1]


def test_an_index_that_changes_its_weight_is_weighed_anew() -> None:
    """Keeping the same index again replaces its weight instead of adding to it."""
    table = kept(1)
    for _ in range(4):
        overlay = table.overlay()
        overlay.keep_index(b"1", overlay.index(b"1") or 1, CACHED_WEIGHT_MAX // 2)
        overlay.join()
    assert held(table, 2) == [0, 1]
