"""The day as a file, for the offline judge."""

from pathlib import Path

import msgspec

from agents.demo.choosing import NEED_A_BROKER, save_day
from stream.deadletters import Fault


def test_saved_day_is_a_file_of_lines(tmp_path: Path) -> None:
    """Each line is one event; faults that exist on a broker only are left out, the others are there."""
    file = tmp_path / "day.jsonl"
    count = save_day(file, 200, 4)
    lines = file.read_bytes().splitlines()
    assert len(lines) == count > 200
    broken = 0
    for each in lines:
        try:
            assert msgspec.json.decode(each)["time"] < "2026"
        except msgspec.DecodeError:
            broken += 1
    assert broken == 1
    assert Fault.NOT_JSON not in NEED_A_BROKER
