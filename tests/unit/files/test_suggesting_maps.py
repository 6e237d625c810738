"""Suggested maps: what a header gives away, as TOML that a person finishes, and nothing of a file without a header."""

import io
import tomllib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.files.columns import BY_NAME
from agents.files.maps import suggest
from agents.files.maps.column_map import MapFile
from agents.files.opening import EventFile, FileError
from tests.unit.files.mapping import EXPORTS, SAMPLES


def suggested(head: bytes) -> str:
    """Return the map that is suggested for a file that begins like this."""
    return suggest("rows.csv", EventFile(io.BytesIO(head), lambda: 0, len(head), head))


@pytest.mark.parametrize("name", SAMPLES)
def test_export_of_a_preset_is_known(name: str) -> None:
    """The header of an export that a preset reads leads to that preset, and to what is still to be said."""
    found = suggested((EXPORTS / SAMPLES[name]).read_bytes())
    assert tomllib.loads(found)["extends"] == name
    assert all(f"# {missing} = " in found for missing in ("conveyance", "mode", "hts", "bill_prefix"))


def test_columns_are_recognised_missing_or_like_others() -> None:
    """A name that means ours is taken with its conversion; a similar one is shown; what is needed is said."""
    found = suggested(b"Tracking Number;Shipping First Name;Shipping Last Name;Weight lb;Total amounts;Colour\n")
    read = msgspec.convert(tomllib.loads(found), MapFile)
    assert set(read.columns) == {"bill", "consignee_name"}
    assert '# value = "Total amounts"  # needed; one of these?' in found or "# value = ?" in found
    assert '# weight_grams = "Weight lb"  # one of these?' in found
    assert "# conveyance = ?  # needed: unique per trip" in found
    assert "Colour" not in found


@pytest.mark.parametrize("head", [b"", b"\n", b"one\n", b"Ann Example,12 Oak Street\n", b"\xff\xfe,\x00\n"])
def test_file_without_a_header_is_refused(head: bytes) -> None:
    """Where nothing is recognised, the first line may be a person's: none of it is printed."""
    with pytest.raises(FileError) as refused:
        suggested(head)
    assert "Oak" not in str(refused.value)


@given(st.lists(st.text(max_size=30), max_size=12))
def test_suggestion_is_always_toml(names: list[str]) -> None:
    """Whatever the columns are called, what is printed can be read as a map, or the header is refused."""
    quoted = ",".join('"' + name.replace('"', '""') + '"' for name in ["zip", "country", *names])
    try:
        read = msgspec.convert(tomllib.loads(suggested(quoted.encode("utf-8", "replace"))), MapFile)
    except FileError:
        return
    assert set(read.columns) <= set(BY_NAME)
