"""A table, its overlay and its changelog agree with plain dicts, whatever happens in whatever order."""

from zlib import crc32

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from state.table import PACKED_ROWS_MAX, PARTITION_ROOT, POSITION, Overlay, Table, Totals, changelog_key
from tests.compaction import compacted

ROOTS = st.sampled_from((b"na2:one", b"na2:on", b"", b"r" * 255))
SUFFIXES = st.sampled_from([b"", b"b", POSITION, *(b"b%d" % number for number in range(PACKED_ROWS_MAX + 3))])
VALUES = st.one_of(st.binary(max_size=5), st.sampled_from((b"\0" * 0xFFFF, b"\0" * 0x10000)))
Model = dict[tuple[bytes, bytes], bytes]


def totals_of(rows: Model) -> Totals:
    """Add up the rows from nothing, as the contract of `Totals` says."""
    counted = [row for row in rows.items() if row[0] != (PARTITION_ROOT, POSITION)]
    checksum = 0
    for (root, suffix), value in counted:
        key = crc32(root + suffix, len(root))
        checksum += crc32(value, key) * (2 * key + 1)
    return Totals(len(counted), checksum % 2**64)


class TableAgainstDicts(RuleBasedStateMachine):
    """Rows are written and removed; transactions join or fail; tables are rebuilt from their changelog."""

    @initialize()
    def begin(self) -> None:
        self.table = Table()
        self.overlay = self.table.overlay()
        self.committed: Model = {}
        self.running: Model = {}
        self.changelog: list[tuple[bytes, bytes | None]] = []

    @rule(root=ROOTS, suffix=SUFFIXES, value=VALUES)
    def put(self, root: bytes, suffix: bytes, value: bytes) -> None:
        self.overlay.group(root).put(suffix, value)
        self.running[root, suffix] = value

    @rule(root=ROOTS, suffix=SUFFIXES)
    def delete(self, root: bytes, suffix: bytes) -> None:
        self.overlay.group(root).delete(suffix)
        self.running.pop((root, suffix), None)

    @rule(root=ROOTS, count=st.integers(0, PACKED_ROWS_MAX + 2), value=VALUES)
    def fill(self, root: bytes, count: int, value: bytes) -> None:
        for number in range(count):
            self.put(root, b"b%d" % number, value)

    @rule(root=ROOTS, keep=st.integers(0, PACKED_ROWS_MAX + 1))
    def thin_out(self, root: bytes, keep: int) -> None:
        for suffix in [suffix for suffix, _ in self.overlay.group(root).items()][keep:]:
            self.delete(root, suffix)

    @rule(slice_rows=st.sampled_from((5000, 1, 3)))
    def join(self, slice_rows: int) -> None:
        changes = list(self.overlay.changes())
        self._check_changes(changes)
        self.changelog += changes
        for _ in self.overlay.join_in_slices(slice_rows):
            pass
        self.committed = dict(self.running)
        self._next(self.table.overlay())

    @rule()
    def fail(self) -> None:
        self.running = dict(self.committed)
        self._next(self.table.overlay())

    @rule(slice_rows=st.sampled_from((5000, 1, 3)), from_row=st.integers(0, 40))
    def rebuild(self, slice_rows: int, from_row: int) -> None:
        """The older part of a changelog is compacted; of the newer one the reader keeps tombstones too."""
        self.table = Table()
        for part in (compacted(self.changelog[:from_row]), dict(self.changelog[from_row:])):
            for _ in self.table.restore(part, slice_rows):
                pass
        self.fail()

    def _next(self, overlay: Overlay) -> None:
        self.overlay = overlay

    def _check_changes(self, changes: list[tuple[bytes, bytes | None]]) -> None:
        """A reader gets every row that changed, once, and a tombstone only for a row that it may have."""
        assert len({key for key, _ in changes}) == len(changes)
        before = {changelog_key(*place): value for place, value in self.committed.items()}
        assert {key for key, value in changes if value is None} <= before.keys()
        before.update({key: value for key, value in changes if value is not None})
        for key, value in changes:
            if value is None:
                del before[key]
        assert before == {changelog_key(*place): value for place, value in self.running.items()}

    @invariant()
    def the_overlay_shows_the_transaction(self) -> None:
        for root in {root for root, _ in self.running | self.committed}:
            group = self.overlay.group(root)
            rows = {suffix: value for (held, suffix), value in self.running.items() if held == root}
            found = list(group.items())
            assert dict(found) == rows
            assert len(found) == len(rows) <= group.row_count_at_most()
            assert [group.get(suffix) for suffix in rows] == list(rows.values())
            assert group.get(b"never written") is None

    @invariant()
    def the_table_shows_what_joined(self) -> None:
        rows = {changelog_key(*place): value for place, value in self.committed.items()}
        assert dict(self.table.rows()) == rows == compacted(self.changelog)
        assert self.table.row_count == len(rows)
        assert self.table.totals == totals_of(self.committed)
        assert self.table.row_bytes == sum(len(suffix) + len(value) for (_, suffix), value in self.committed.items())
        assert set(self.table.roots()) == set(self.overlay.roots()) == {root for root, _ in self.committed}


TableAgainstDicts.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestTableAgainstDicts = TableAgainstDicts.TestCase
