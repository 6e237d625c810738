"""How a table holds groups of rows, and how it cuts long work into slices."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from state.table import PACKED_ROWS_MAX, Overlay, Table, Totals, changelog_key, split_changelog_key
from tests.compaction import compacted

ROOT = b"na2:one"


def written(count: int, value: bytes = b"value") -> tuple[Table, Overlay]:
    """Return a table with rows of one group, and the next overlay."""
    table = Table()
    overlay = table.overlay()
    for number in range(count):
        overlay.group(ROOT).put(b"b%d" % number, value)
    overlay.join()
    return table, table.overlay()


def is_packed(table: Table) -> bool:
    """Tell whether the group is held as one blob."""
    return isinstance(table._groups[ROOT], bytes)


@pytest.mark.parametrize(
    ("count", "value", "packed"),
    [
        (1, b"", True),
        (PACKED_ROWS_MAX, b"value", True),
        (PACKED_ROWS_MAX + 1, b"value", False),
        (1, b"v" * 0xFFFF, True),
        (1, b"v" * 0x10000, False),
    ],
)
def test_few_short_rows_are_held_as_one_blob(count: int, value: bytes, *, packed: bool) -> None:
    """A group of few rows costs one object; one of many rows, or with a row too long for a blob, is a dict."""
    assert is_packed(written(count, value)[0]) is packed


def test_a_group_changes_its_form_both_ways() -> None:
    """A blob that grows past the bound becomes a dict, and a dict that shrinks back to it a blob."""
    table, overlay = written(PACKED_ROWS_MAX)
    overlay.group(ROOT).put(b"one more", b"")
    overlay.join()
    assert not is_packed(table)
    overlay = table.overlay()
    overlay.group(ROOT).delete(b"b0")
    overlay.join()
    assert is_packed(table)
    assert len(table.rows_of(ROOT)) == PACKED_ROWS_MAX


def test_a_group_without_rows_leaves_nothing_behind() -> None:
    """The last row takes its root with it."""
    table, overlay = written(1)
    overlay.group(ROOT).delete(b"b0")
    overlay.join()
    assert (table.roots(), table.row_count, table.row_bytes) == ([], 0, 0)


@pytest.mark.parametrize("count", [1, PACKED_ROWS_MAX + 1])
def test_nothing_reaches_the_table_before_it_joins(count: int) -> None:
    """A transaction that fails leaves no trace, whichever form the group has."""
    table, overlay = written(count)
    before = dict(table.rows())
    overlay.group(ROOT).put(b"new", b"row")
    overlay.group(ROOT).delete(b"b0")
    overlay.group(b"other").put(b"new", b"row")
    assert dict(table.rows()) == before
    assert dict(table.overlay().group(ROOT).items()) == table.rows_of(ROOT)


def test_a_row_that_was_never_there_leaves_no_tombstone() -> None:
    """Removing an absent row, or one that the transaction itself wrote, sends nothing."""
    _, overlay = written(1)
    overlay.group(ROOT).delete(b"absent")
    overlay.group(ROOT).put(b"new", b"row")
    overlay.group(ROOT).delete(b"new")
    assert list(overlay.changes()) == []


@pytest.mark.parametrize("early", [[], [b"early"]])
def test_rows_may_be_written_while_they_are_listed(early: list[bytes]) -> None:
    """A step may remove and write rows of the group it walks over; it meets every other row once."""
    _, overlay = written(PACKED_ROWS_MAX + 5)
    group = overlay.group(ROOT)
    for suffix in early:
        group.put(suffix, b"")
    met = []
    for row in group.items():
        suffix = row[0]
        met.append(suffix)
        group.delete(suffix)
        group.put(b"late" + suffix, b"")
    originals = [suffix for suffix in met if not suffix.startswith(b"late")]
    assert sorted(originals) == sorted([*early, *(b"b%d" % number for number in range(PACKED_ROWS_MAX + 5))])


@pytest.mark.parametrize("root", [b"", b"r", b"r" * 254])
def test_changelog_keys_give_back_root_and_suffix(root: bytes) -> None:
    """Root and suffix come back, and where one ends and the other begins makes another key."""
    assert split_changelog_key(changelog_key(root, b"suffix")) == (root, b"suffix")
    assert changelog_key(root, b"x") != changelog_key(root + b"x", b"")


def test_a_root_too_long_for_the_changelog_is_refused() -> None:
    """A root of 256 bytes has no key."""
    with pytest.raises(ValueError, match="range"):
        changelog_key(b"r" * 256, b"")


def test_compaction_keeps_the_last_value_of_a_key() -> None:
    """A tombstone takes the key away, and a later value brings it back."""
    records = [(b"a", b"1"), (b"b", b"1"), (b"a", None), (b"c", None), (b"b", b"2"), (b"a", b"3")]
    assert compacted(records) == {b"a": b"3", b"b": b"2"}


def slices(work: Iterator[None], table: Table) -> list[int]:
    """Do the work; give how many rows the table gained in each slice."""
    counts = [table.row_count]
    counts.extend(table.row_count for _ in work)
    counts.append(table.row_count)
    return [after - before for before, after in pairwise(counts)]


@pytest.mark.parametrize("groups", [1, 7, 100])
def test_long_work_is_cut_by_rows(groups: int) -> None:
    """Joining and restoring do little between two yields, be the rows in many groups or all in one."""
    keys = [(b"root%d" % (number % groups), b"b%d" % number) for number in range(100)]
    joined, restored = Table(), Table()
    overlay = joined.overlay()
    for root, suffix in keys:
        overlay.group(root).put(suffix, b"value")
    rows: dict[bytes, bytes | None] = {changelog_key(*key): b"value" for key in keys}
    for work, table in ((overlay.join_in_slices(10), joined), (restored.restore(rows, 10), restored)):
        assert max(slices(work, table)) < 2 * 10
        assert table.row_count == 100
    assert dict(joined.rows()) == dict(restored.rows()) == rows


def restored(*parts: dict[bytes, bytes | None]) -> Table:
    """Return a table that was restored from parts of a changelog."""
    table = Table()
    for part in parts:
        for _slice in table.restore(part):
            pass
    return table


@pytest.mark.parametrize("suffix", [b"b1", b"1", b"", b"al", b"b10"])
@pytest.mark.parametrize("value", [b"other", None, b"v" * 0x10000], ids=["value", "tombstone", "too long"])
@pytest.mark.parametrize("held", [1, PACKED_ROWS_MAX - 1, PACKED_ROWS_MAX, PACKED_ROWS_MAX + 1])
def test_a_row_that_comes_later_joins_its_group(held: int, suffix: bytes, value: bytes | None) -> None:
    """Whether it replaces a row, is new, or has a suffix that other rows hold: the table is as if all came at once."""
    early: dict[bytes, bytes | None] = {changelog_key(ROOT, b"b%d" % number): b"value" for number in range(held)}
    late = {changelog_key(ROOT, suffix): value}
    twice, once = restored(early, late), restored({**early, **late})
    rows = {key: row for key, row in {**early, **late}.items() if row is not None}
    assert dict(twice.rows()) == dict(once.rows()) == rows
    assert twice.totals == once.totals
    assert (twice.row_count, twice.row_bytes) == (once.row_count, once.row_bytes)
    assert is_packed(twice) is is_packed(once) is (len(rows) <= PACKED_ROWS_MAX and len(value or b"") <= 0xFFFF)


def test_a_row_with_a_long_suffix_is_restored() -> None:
    """A suffix too long for a blob makes its group a dict, as a long value does."""
    rows: dict[bytes, bytes | None] = {changelog_key(ROOT, b"s" * 0x10000): b"1", changelog_key(ROOT, b"b"): b"2"}
    table = restored(rows)
    assert dict(table.rows()) == rows
    assert not is_packed(table)


ROWS = {changelog_key(b"r%d" % number, b"s"): b"value %d" % number for number in range(20)}
KEYS = list(ROWS)


def totals(rows: dict[bytes, bytes]) -> Totals:
    """Restore a table from these rows; return its totals."""
    table = Table()
    for _slice in table.restore(rows):
        pass
    return table.totals


@pytest.mark.parametrize(
    "spoilt",
    [
        {key: value for key, value in ROWS.items() if key != KEYS[7]},
        {**ROWS, KEYS[3]: b"value 4"},
        {**ROWS, KEYS[3]: ROWS[KEYS[4]], KEYS[4]: ROWS[KEYS[3]]},
        {**ROWS, changelog_key(b"r1", b"t"): b"one more"},
        {**{key: value for key, value in ROWS.items() if key != KEYS[0]}, changelog_key(b"r", b"0s"): ROWS[KEYS[0]]},
    ],
    ids=["lost", "another value", "swapped values", "one more", "moved to another group"],
)
def test_rows_that_are_not_those_written_do_not_add_up(spoilt: dict[bytes, bytes]) -> None:
    """Whatever is done to one row changes the totals; the order of rows does not."""
    assert totals(spoilt) != totals(ROWS) == totals(dict(reversed(ROWS.items())))


def test_totals_of_an_overlay_hold_once_it_has_joined() -> None:
    """A transaction that fails leaves the table's totals as they were; its changes walked twice count once."""
    table, _ = written(0)
    overlay = table.overlay()
    overlay.group(ROOT).put(b"one", b"1")
    assert len(list(overlay.changes())) == len(list(overlay.changes())) == 1
    assert (table.totals.rows, overlay.totals.rows) == (0, 1)
    overlay.join()
    assert table.totals == overlay.totals
