"""Tables: the rows that a step keeps for one partition, and the overlay through which it reads and writes them.

Rows are grouped under a root key (a conveyance, a consignee). A group of few rows is held as one packed blob, a
larger one as a dict: most consignees have one or two bills, and a Python object per row would cost more than the row.
This module judges nothing; a row's value is bytes that only its step understands.

A table knows its *totals*: how many rows it has, and the sum of their checksums. The engine writes them to the row
`POSITION` in every transaction, so a changelog that has lost rows no longer adds up.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from struct import Struct
from typing import Final, NamedTuple
from zlib import crc32

PACKED_ROWS_MAX: Final = 8
"""A group with more rows than this is held as a dict."""

CACHED_WEIGHT_MAX: Final = 200_000
"""Total weight (bills) of the cached indexes that a table keeps; the least recently used is dropped first."""

PARTITION_ROOT: Final = b""
"""Root of the partition's own rows: input position, fingerprint, stream time."""

POSITION: Final = b"position"
"""Suffix of the row that holds the totals: the one row that does not count towards them."""

_LENGTHS: Final = Struct("<HH")
_LENGTH_MAX: Final = 0xFFFF
_CHECKSUM_MASK: Final = 2**64 - 1
_WEIGHED_ROWS: Final = 500

Rows = dict[bytes, bytes]
"""Suffix to value."""

Changed = Mapping[bytes, bytes | None]
"""Suffix to new value, or None for a row that is removed."""


class Totals(NamedTuple):
    """Count and checksum of a table's rows, independent of the order in which they were written."""

    rows: int = 0
    checksum: int = 0
    """Sum of the rows' checksums, modulo 2^64."""

    def plus(self, rows: int, checksum: int) -> "Totals":
        """Return the totals with this many rows and this much checksum added."""
        return Totals(self.rows + rows, (self.checksum + checksum) & _CHECKSUM_MASK)


def _weighed(root: bytes, changed: Changed, before: Rows) -> tuple[int, int]:
    """Return what changes of a group add to the totals, the sum unreduced; `before` has the rows as they are now.

    A row counts CRC(key, value) * (2 CRC(key) + 1). The factor is odd, so another value always has another product
    unless its CRC is the same. The factor differs from key to key, so rows that swap their values do not cancel out.
    """
    rows = checksum = 0
    seed = crc32(root, len(root))
    for suffix, value in changed.items():
        if suffix == POSITION and root == PARTITION_ROOT:
            continue
        key, old, weight = crc32(suffix, seed), before.get(suffix), 0
        if value is not None:
            rows += 1
            weight = crc32(value, key)
        if old is not None:
            rows -= 1
            weight -= crc32(old, key)
        checksum += weight * (2 * key + 1)
    return rows, checksum


def changelog_key(root: bytes, suffix: bytes) -> bytes:
    """Return the key of a row in the changelog: length of the root, root, suffix."""
    return bytes((len(root),)) + root + suffix


def split_changelog_key(key: bytes) -> tuple[bytes, bytes]:
    """Return root and suffix of a changelog key, the reverse of `changelog_key`."""
    end = 1 + key[0]
    return key[1:end], key[end:]


def _pack(rows: Rows) -> bytes | None:
    """Return all rows as one blob, or None if a row is too long for it."""
    parts: list[bytes] = []
    for suffix, value in rows.items():
        if len(value) > _LENGTH_MAX or len(suffix) > _LENGTH_MAX:
            return None
        parts += (_LENGTHS.pack(len(suffix), len(value)), suffix, value)
    return b"".join(parts)


def _unpack(blob: bytes) -> Rows:
    rows = {}
    at, end, lengths = 0, len(blob), _LENGTHS.unpack_from
    while at < end:
        suffix_length, value_length = lengths(blob, at)
        start = at + 4
        middle = start + suffix_length
        at = middle + value_length
        rows[blob[start:middle]] = blob[middle:at]
    return rows


def _packed_count(held: bytes | Rows) -> int:
    """Return the number of rows in a blob; of a dict `PACKED_ROWS_MAX`, for it is not packed."""
    if type(held) is not bytes:
        return PACKED_ROWS_MAX
    at, end, count, lengths = 0, len(held), 0, _LENGTHS.unpack_from
    while at < end:
        suffix_length, value_length = lengths(held, at)
        at += _LENGTHS.size + suffix_length + value_length
        count += 1
    return count


class Group:
    """The rows under one root, as the running transaction sees them."""

    __slots__ = ("_rows", "changed", "root")

    def __init__(self, root: bytes, rows: Rows) -> None:
        self.root = root
        self._rows = rows
        """The table's rows, from `Table.rows_of`; they are never written here."""
        self.changed: dict[bytes, bytes | None] = {}
        """The rows that the transaction wrote so far; None for a row that it removed."""

    def get(self, suffix: bytes) -> bytes | None:
        """Return the value of the row, or None."""
        if suffix in self.changed:
            return self.changed[suffix]
        return self._rows.get(suffix)

    def put(self, suffix: bytes, value: bytes) -> None:
        """Write the row. The table sees it when the overlay joins."""
        self.changed[suffix] = value

    def delete(self, suffix: bytes) -> None:
        """Remove the row, if there is one."""
        if suffix in self._rows:
            self.changed[suffix] = None
        else:
            self.changed.pop(suffix, None)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Return all rows in no particular order. Rows may be written meanwhile; they may or may not be seen."""
        return self._merged() if self.changed else iter(self._rows.items())

    def _merged(self) -> Iterator[tuple[bytes, bytes]]:
        pending = dict(self.changed)
        for suffix, value in self._rows.items():
            if suffix not in pending:
                yield suffix, value
        for suffix, fresh in pending.items():
            if fresh is not None:
                yield suffix, fresh

    def row_count_at_most(self) -> int:
        """Return an upper bound of the number of rows, at no cost."""
        return len(self._rows) + len(self.changed)


class Table:
    """The committed rows of one partition."""

    def __init__(self) -> None:
        self._groups: dict[bytes, bytes | Rows] = {}
        self._caches: OrderedDict[bytes, tuple[object, int]] = OrderedDict()
        self._cached_weight = 0
        self.row_count = 0
        """Number of rows."""
        self.row_bytes = 0
        """Bytes of suffixes and values, without overhead."""
        self.totals = Totals()
        """Updated by `restore`, and by the join of an overlay whose `changes` were walked."""

    def overlay(self) -> "Overlay":
        """Return a new overlay. At most one overlay may be in use at a time."""
        return Overlay(self)

    def rows_of(self, root: bytes) -> Rows:
        """Return the rows of a group: a copy if it is small, else the table's own dict, which must not be changed."""
        held = self._groups.get(root)
        if held is None:
            return {}
        return _unpack(held) if type(held) is bytes else held  # type: ignore[return-value]

    def roots(self) -> list[bytes]:
        """Return all roots now, including the partition's own."""
        return list(self._groups)

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield all rows with their changelog keys, as a compacted changelog of this table would hold them."""
        for root in self._groups:
            for suffix, value in self.rows_of(root).items():
                yield changelog_key(root, suffix), value

    def apply(self, root: bytes, changed: Changed, rows: Rows | None = None) -> None:
        """Join changes into one group; `rows` is the group's `rows_of`, if the caller has it, and is written to."""
        if rows is None:
            rows = self.rows_of(root)
        count, size = 0, 0
        for suffix, value in changed.items():
            old = rows.pop(suffix, None) if value is None else rows.get(suffix)
            if old is not None:
                count -= 1
                size -= len(suffix) + len(old)
            if value is not None:
                rows[suffix] = value
                count += 1
                size += len(suffix) + len(value)
        self.row_count += count
        self.row_bytes += size
        if not rows:
            self._groups.pop(root, None)
            return
        packed = _pack(rows) if len(rows) <= PACKED_ROWS_MAX else None
        self._groups[root] = rows if packed is None else packed

    def restore(self, rows: Mapping[bytes, bytes | None], slice_rows: int = 5000) -> Iterator[None]:
        """Join changelog records (last value per key, None is a tombstone). Yield between slices of work.

        Cached indexes are dropped: they were derived from the rows as they were before.
        """
        self._caches.clear()
        self._cached_weight = 0
        rest: dict[bytes, dict[bytes, bytes | None]] = {}
        yield from self._restore_packed(rows, rest, slice_rows)
        applied = 0
        for root, changed in rest.items():
            for part in _parts(changed, slice_rows):
                rows_before = self.rows_of(root)
                self.totals = self.totals.plus(*_weighed(root, part, rows_before))
                self.apply(root, part, rows_before)
                applied += len(part)
                if applied >= slice_rows:
                    applied = 0
                    yield

    def _restore_packed(
        self, rows: Mapping[bytes, bytes | None], rest: dict[bytes, dict[bytes, bytes | None]], slice_rows: int
    ) -> Iterator[None]:
        """Append new rows to groups that are packed and stay so; put all other rows into `rest`, by root and suffix.

        Most rows of a restore are such rows. They have no former value, so each is packed and weighed where it is met,
        and its group is never unpacked.
        """
        groups, pack, items = self._groups, _LENGTHS.pack, iter(rows.items())
        counts = {PARTITION_ROOT: PACKED_ROWS_MAX}
        """Rows of the groups met so far; `PACKED_ROWS_MAX` says that the group takes no more of them here."""
        while part := tuple(islice(items, slice_rows)):
            count = checksum = size = 0
            for key, value in part:
                end = 1 + key[0]
                root, suffix = key[1:end], key[end:]
                held = groups.get(root, b"")
                number = counts.get(root, 0)
                if not number and held:
                    number = counts[root] = _packed_count(held)
                # A suffix that is nowhere in the blob has no row; one that is found may be part of something else.
                if (
                    value is None
                    or number == PACKED_ROWS_MAX
                    or suffix in held
                    or len(value) > _LENGTH_MAX
                    or len(suffix) > _LENGTH_MAX
                ):
                    rest.setdefault(root, {})[suffix] = value
                    continue
                row = pack(len(suffix), len(value)) + suffix + value
                groups[root] = held + row if held else row  # type: ignore[operator]
                counts[root] = number + 1
                count += 1
                size += len(suffix) + len(value)
                key_crc = crc32(suffix, crc32(root, len(root)))
                checksum += crc32(value, key_crc) * (2 * key_crc + 1)
            self.totals = self.totals.plus(count, checksum)
            self.row_count += count
            self.row_bytes += size
            yield

    def take_cache(self, root: bytes) -> object | None:
        """Take the cached index of a group out of the table and return it, or None."""
        found = self._caches.pop(root, None)
        if found is None:
            return None
        self._cached_weight -= found[1]
        return found[0]

    def keep_cache(self, root: bytes, index: object, weight: int) -> None:
        """Cache an index of a group; `weight` is about the number of bills in it."""
        self.take_cache(root)
        self._caches[root] = (index, weight)
        self._cached_weight += weight
        while self._cached_weight > CACHED_WEIGHT_MAX and len(self._caches) > 1:
            _, (_, dropped) = self._caches.popitem(last=False)
            self._cached_weight -= dropped


class Overlay:
    """The changes of one transaction over a table; the table sees none of them before `join`."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._groups: dict[bytes, Group] = {}
        self._caches: dict[bytes, tuple[object, int]] = {}
        self.totals = table.totals
        """The table's totals with these changes, after `changes` was walked to its end."""

    def group(self, root: bytes) -> Group:
        """Return the rows under a root, with this transaction's changes."""
        group = self._groups.get(root)
        if group is None:
            group = self._groups[root] = Group(root, self._table.rows_of(root))
        return group

    def index(self, root: bytes) -> object | None:
        """Return the index that is kept for a group, or None.

        An index changes in place, so it leaves the table here and returns to it with `join`. If the transaction
        fails, the index is lost and the step builds it again from the rows.
        """
        kept = self._caches.get(root)
        if kept is not None:
            return kept[0]
        return self._table.take_cache(root)

    def keep_index(self, root: bytes, index: object, weight: int) -> None:
        """Keep an index with the group. A step calls this each time it has used an index."""
        self._caches[root] = (index, weight)

    def drop_index(self, root: bytes) -> None:
        """Drop the index of a group, since its rows change without it."""
        self._caches.pop(root, None)
        self._table.take_cache(root)

    def roots(self) -> list[bytes]:
        """Return the roots of the table, for sweeping, without those that are new in this transaction."""
        return self._table.roots()

    def changes(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Yield the changelog records of this transaction: key, and value or None for a tombstone."""
        rows = checksum = 0
        for root, group in self._groups.items():
            if group.changed:
                prefix = bytes((len(root),)) + root
                for part in _parts(group.changed, _WEIGHED_ROWS):
                    more, weight = _weighed(root, part, group._rows)  # noqa: SLF001 - a group is this module's own
                    rows, checksum = rows + more, checksum + weight
                    for suffix, value in part.items():
                        yield prefix + suffix, value
        self.totals = self._table.totals.plus(rows, checksum)

    def join(self) -> None:
        """Move the changes to the table, after the transaction is committed. The overlay is then empty."""
        for _slice in self.join_in_slices():
            pass

    def join_in_slices(self, slice_rows: int = 5000) -> Iterator[None]:
        """Join as `join` does, but yield between slices of work. The table must not be used before the end."""
        table, joined = self._table, 0
        for root, group in self._groups.items():
            changed = group.changed
            if not changed:
                continue
            for part in _parts(changed, slice_rows):
                table.apply(root, part, group._rows)  # noqa: SLF001 - as above
                joined += len(part)
                if joined >= slice_rows:
                    joined = 0
                    yield
        for root, (index, weight) in self._caches.items():
            table.keep_cache(root, index, weight)
        table.totals = self.totals
        self._groups.clear()
        self._caches.clear()


def _parts(changed: Changed, rows_max: int) -> Iterable[Changed]:
    """Return the changes of one group in parts, so that no part takes long."""
    if len(changed) <= rows_max:
        return (changed,)
    items = iter(changed.items())
    return iter(lambda: dict(islice(items, rows_max)), {})
