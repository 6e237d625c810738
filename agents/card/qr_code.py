"""QR codes (ISO/IEC 18004) of short texts: byte mode, correction level M, of the two sizes that a card needs.

A text for a scanner and an address for a phone are all there is to encode, so no library is needed. The tests hold it
to the codes that another encoder made.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec


class Version(msgspec.Struct, frozen=True):
    """A size of code, at level M."""

    number: int
    count_bits: int
    """Bits that tell how many bytes there are."""
    blocks: tuple[int, ...]
    """Data codewords of each block."""
    correction: int
    """Correction codewords of each block."""
    alignment: tuple[int, ...]
    """Rows and columns of the centres of the small squares."""

    @property
    def size(self) -> int:
        """Return how many modules a side has."""
        return 17 + 4 * self.number

    @property
    def bytes_max(self) -> int:
        """Return how long a text may be."""
        return (8 * sum(self.blocks) - 4 - self.count_bits) // 8


VERSIONS: Final = (
    Version(6, 8, (27,) * 4, 16, (6, 34)),
    Version(10, 16, (43,) * 4 + (44,), 26, (6, 28, 50)),
)
MASK: Final = 0
"""Any of the eight may be used; this one turns every second module over."""
LEVEL_M: Final = 0
BYTE_MODE: Final = 4
FIRST_WITH_VERSION: Final = 7

Modules = list[list[bool | None]]
"""Rows of modules; True: dark, None: not set yet."""


def qr_code(text: bytes) -> list[list[bool]]:
    """Return the modules of a text's code, without the quiet zone. Raise ValueError if it is too long."""
    version = next((each for each in VERSIONS if len(text) <= each.bytes_max), None)
    if version is None:
        raise ValueError(f"a code holds at most {VERSIONS[-1].bytes_max} bytes")
    modules = _frame(version)
    free = [(row, column) for row, column in _path(version.size) if modules[row][column] is None]
    bits = [codeword >> shift & 1 for codeword in _codewords(text, version) for shift in range(7, -1, -1)]
    bits += [0] * (len(free) - len(bits))
    for (row, column), bit in zip(free, bits, strict=True):
        modules[row][column] = bool(bit) != ((row + column) % 2 == 0)
    return [[bool(module) for module in line] for line in modules]


def _frame(version: Version) -> Modules:
    """Return what every code of a version has, its format and version told."""
    size = version.size
    modules: Modules = [[None] * size for _ in range(size)]
    for number in range(size):
        modules[6][number] = modules[number][6] = number % 2 == 0
    for row, column in ((3, 3), (3, size - 4), (size - 4, 3)):
        _square(modules, row, column, 4, (0, 1, 3))
    corners = {(6, 6), (6, version.alignment[-1]), (version.alignment[-1], 6)}
    for row in version.alignment:
        for column in version.alignment:
            if (row, column) not in corners:
                _square(modules, row, column, 2, (0, 2))
    _tell_format(modules)
    if version.number >= FIRST_WITH_VERSION:
        bits = version.number << 12 | _remainder(version.number, 0x1F25, 12)
        for number in range(18):
            row, column = number // 3, size - 11 + number % 3
            modules[row][column] = modules[column][row] = bool(bits >> number & 1)
    return modules


def _square(modules: Modules, row: int, column: int, reach: int, dark: Sequence[int]) -> None:
    """Set a square of rings about a centre; a ring is dark if its distance is among `dark`."""
    size = len(modules)
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            if 0 <= row + down < size and 0 <= column + right < size:
                modules[row + down][column + right] = max(abs(down), abs(right)) in dark


def _tell_format(modules: Modules) -> None:
    data = LEVEL_M << 3 | MASK
    bits = (data << 10 | _remainder(data, 0x537, 10)) ^ 0x5412
    size = len(modules)
    for number in range(15):
        module = bool(bits >> number & 1)
        along = number if number < 6 else number + 1 if number < 8 else size - 15 + number
        modules[along][8] = module
        across = size - 1 - number if number < 8 else 7 if number == 8 else 14 - number
        modules[8][across] = module
    modules[size - 8][8] = True


def _remainder(data: int, generator: int, degree: int) -> int:
    rest = data
    for _ in range(degree):
        rest = rest << 1 ^ (rest >> degree - 1) * generator
    return rest


def _codewords(text: bytes, version: Version) -> list[int]:
    """Return all codewords in the order in which they are placed."""
    total = sum(version.blocks)
    bits = BYTE_MODE << version.count_bits | len(text)
    length = 4 + version.count_bits + 8 * len(text)
    bits = bits << 8 * len(text) | int.from_bytes(text)
    padding = min(4, 8 * total - length)
    length += padding
    bits <<= padding + -length % 8
    data = list(bits.to_bytes((length + 7) // 8))
    data += [(0xEC, 0x11)[number % 2] for number in range(total - len(data))]
    blocks, start = [], 0
    for count in version.blocks:
        blocks.append(data[start : start + count])
        start += count
    corrections = [_correction(block, version.correction) for block in blocks]
    return [*_interleaved(blocks), *_interleaved(corrections)]


def _interleaved(blocks: Sequence[Sequence[int]]) -> Iterator[int]:
    for number in range(max(map(len, blocks))):
        yield from (block[number] for block in blocks if number < len(block))


def _correction(data: Sequence[int], degree: int) -> list[int]:
    """Return the Reed-Solomon codewords of a block."""
    divisor = [0] * (degree - 1) + [1]
    root = 1
    for _ in range(degree):
        for number in range(degree):
            divisor[number] = _product(divisor[number], root) ^ (divisor[number + 1] if number + 1 < degree else 0)
        root = _product(root, 2)
    rest = [0] * degree
    for codeword in data:
        factor = codeword ^ rest[0]
        rest = [each ^ _product(by, factor) for each, by in zip([*rest[1:], 0], divisor, strict=True)]
    return rest


def _product(one: int, other: int) -> int:
    """Multiply in the field of 256 elements."""
    found = 0
    for shift in range(7, -1, -1):
        found = found << 1 ^ (found >> 7) * 0x11D
        found ^= (other >> shift & 1) * one
    return found


def _path(size: int) -> Iterator[tuple[int, int]]:
    """Yield the places of the bits: two columns at a time, up and down, from the right."""
    upward = True
    for right in [*range(size - 1, 6, -2), 5, 3, 1]:
        rows = range(size - 1, -1, -1) if upward else range(size)
        for row in rows:
            yield row, right
            yield row, right - 1
        upward = not upward
