"""Spoilt files: the law of `tests.chaos.files` on some seeds; `make chaos ARGS="--files 5000"` tries many more."""

import random
from pathlib import Path

import pytest

from tests.chaos.files import Line, Spoilt, break_of_law, outside, rows_meant, try_seed


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_only_what_was_meant_goes_out(first: int, tmp_path: Path) -> None:
    """Whatever happened to rows and lines, no part of a bill goes out, and nothing that was never meant."""
    assert [broken for seed in range(first, first + 20) if (broken := try_seed(seed, tmp_path))] == []


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (b"FUZZ0001,400.00\nFUZZ0002,1.00\n", "never meant"),
        (b"FUZZ0001,900.00\n", "held back untouched"),
    ],
)
def test_law_can_be_broken(spoilt: bytes, said: str, tmp_path: Path) -> None:
    """A value that changes without a trace, or a bill that is missing without a reason, is seen."""
    head = (
        b"manifested_at,mode,filing,consignee_name,consignee_address,consignee_country,shipper_name,shipper_country,"
        b"description,hts,origin,line_quantity,conveyance,bill,value\n"
    )
    rest = b"2025-08-19T21:04:00Z,air,manifest,Zoe,9 Elm,US,Works,FR,toy,1,FR,1,air:1,"
    meant, other = tmp_path / "meant.csv", tmp_path / "spoilt.csv"
    meant.write_bytes(head + rest + b"FUZZ0001,900.00\n" + rest + b"FUZZ0002,1.00\n")
    other.write_bytes(head + b"".join(rest + row + b"\n" for row in spoilt.splitlines()))
    assert said in str(break_of_law(meant, other, Spoilt(spoilt, set(), set())))
    assert break_of_law(meant, meant, Spoilt(spoilt, set(), set())) is None


def test_damage_is_done_outside_of_quotation_marks() -> None:
    """Within them a line end, or a separator, would be part of a text, and no damage that anybody could see."""
    assert outside(b'a,"b,c",d') == [0, 1, 2, 7, 8, 9]


def test_rows_are_of_many_kinds() -> None:
    """What is spoilt has bills of several rows, corrections, exits, arrivals, and cells of several lines."""
    lines: list[Line] = [line for seed in range(20) for line in rows_meant(random.Random(seed))]
    text = b"\n".join(line.text for line in lines)
    assert all(word in text for word in (b"\n,2,", b"amended", b"deleted", b"arrived", b"Row\nBack", b'""Elm""'))
