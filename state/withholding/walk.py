"""A walk: bills in manifest order with their counted values, some of which fit.

A walk has blocks of a few hundred bills. Each block has its sum of fitting values, and the least amount that one of its
misfits needs to fit. So to find what changes costs one look at each block, not at each bill. To append costs nothing.
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

BLOCK_MAX: Final = 512
"""Most bills in a block: to walk it takes a fraction of a millisecond."""

Flip = tuple[bytes, int, bool]
"""Key, value and whether the bill fits now."""


class Block:
    """Consecutive bills in manifest order."""

    __slots__ = ("fits", "keys", "need", "stale", "total", "values")

    def __init__(self, keys: list[bytes], values: list[int], fits: list[bool]) -> None:
        self.keys = keys
        self.values = values
        self.fits = fits
        self.total = 0
        """Sum of the values that fit."""
        self.need: int | None = None
        """Least sum of a misfit's value and the fitting values before it in the block; None without misfits."""
        self.stale = True

    def refresh(self) -> None:
        """Compute `total` and `need` again if the block changed."""
        if not self.stale:
            return
        total, need = 0, None
        for value, fits in zip(self.values, self.fits, strict=True):
            if fits:
                total += value
            elif need is None or total + value < need:
                need = total + value
        self.total, self.need, self.stale = total, need, False


class Walk:
    """Bills in manifest order; keys are manifest keys, values are counted cents."""

    __slots__ = ("_last_keys", "blocks", "fit_count", "fit_total", "size", "total")

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._last_keys: list[bytes] = []
        self.size = 0
        self.fit_count = 0
        self.fit_total = 0
        """Sum of the values that fit."""
        self.total = 0
        """Sum of all values."""

    def __len__(self) -> int:
        return self.size

    def last_key(self) -> bytes:
        """Return the last key in manifest order; b"" if there is none."""
        return self._last_keys[-1] if self._last_keys else b""

    def first(self) -> tuple[bytes, int]:
        """Return key and value of the first bill. The walk must not be empty."""
        block = self.blocks[0]
        return block.keys[0], block.values[0]

    def last(self) -> tuple[bytes, int]:
        """Return key and value of the last bill. The walk must not be empty."""
        block = self.blocks[-1]
        return block.keys[-1], block.values[-1]

    def items(self) -> Iterator[tuple[bytes, int, bool]]:
        """Yield all bills in manifest order: key, value, whether it fits."""
        for block in self.blocks:
            yield from zip(block.keys, block.values, block.fits, strict=True)

    def insert(self, key: bytes, value: int, *, fits: bool) -> None:
        """Put a bill in its place."""
        self.size += 1
        self.total += value
        if fits:
            self.fit_count += 1
            self.fit_total += value
        if not self.blocks:
            self.blocks.append(Block([key], [value], [fits]))
            self._last_keys.append(key)
            return
        at = min(bisect_left(self._last_keys, key), len(self.blocks) - 1)
        block = self.blocks[at]
        place = bisect_left(block.keys, key)
        block.keys.insert(place, key)
        block.values.insert(place, value)
        block.fits.insert(place, fits)
        block.stale = True
        self._last_keys[at] = block.keys[-1]
        if len(block.keys) > BLOCK_MAX:
            self._split(at)

    def _split(self, at: int) -> None:
        block = self.blocks[at]
        # The last block grows at its end: to split off only the new bill leaves it full, not half empty.
        middle = len(block.keys) - 1 if at == len(self.blocks) - 1 else len(block.keys) // 2
        tail = Block(block.keys[middle:], block.values[middle:], block.fits[middle:])
        del block.keys[middle:], block.values[middle:], block.fits[middle:]
        block.stale = True
        self.blocks.insert(at + 1, tail)
        self._last_keys[at : at + 1] = [block.keys[-1], tail.keys[-1]]

    def remove(self, key: bytes) -> tuple[int, bool]:
        """Take a bill out. Return its value and whether it fitted. Raise KeyError if it is not there."""
        at = bisect_left(self._last_keys, key)
        block = self.blocks[at] if at < len(self.blocks) else None
        place = bisect_left(block.keys, key) if block else 0
        if block is None or block.keys[place] != key:
            raise KeyError(key)
        value, fits = block.values.pop(place), block.fits.pop(place)
        del block.keys[place]
        block.stale = True
        self.size -= 1
        self.total -= value
        if fits:
            self.fit_count -= 1
            self.fit_total -= value
        if block.keys:
            self._last_keys[at] = block.keys[-1]
        else:
            del self.blocks[at], self._last_keys[at]
        return value, fits

    def set_fits(self, block: Block, place: int, *, fits: bool) -> Flip:
        """Set whether a bill fits. Return the change."""
        value = block.values[place]
        block.fits[place] = fits
        block.stale = True
        self.fit_count += 1 if fits else -1
        self.fit_total += value if fits else -value
        return block.keys[place], value, fits
