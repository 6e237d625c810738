"""Files from the outside: packed ones, broken ones, pipes; and what is no file of events, with what mends it."""

import bz2
import gzip
import io
import json
import lzma
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.files import Count, FileError, form_of, open_source, read_candidates
from agents.files.candidates import Candidate
from agents.files.forms import refuse_misfit
from tests.pieces import ROOT
from tests.unit.publishing.files import BILL, bill, csv_of, event, line

CASES = ROOT / "tests" / "unit" / "files" / "cases"
ROWS = csv_of(BILL, bill(bill="ACME0002"))
EVENTS = b"".join(line(event(bill=f"ACME{number:04}")) + b"\n" for number in range(3))


def candidates(name: str) -> list[Candidate]:
    """Read a whole file."""
    with open_source(name) as source:
        return list(read_candidates(name, form_of(name, source.head), source, Count()))


def values(path: Path) -> list[bytes]:
    """Give what a file states; all of it is right."""
    found = candidates(str(path))
    assert found
    assert not any(each.mistakes for each in found)
    return [each.value for each in found]


@pytest.mark.parametrize("text", [ROWS, EVENTS], ids=["csv", "jsonl"])
@pytest.mark.parametrize("name", ["events.gz", "events", "events.csv.GZ"])
def test_archive_is_known_by_what_it_is(name: str, text: bytes, tmp_path: Path) -> None:
    """A gzip archive is unpacked whatever its name, and one of several parts is read whole."""
    plain, packed = tmp_path / "plain", tmp_path / name.replace(".csv", ".csv" if text is ROWS else "")
    plain.write_bytes(text)
    packed.write_bytes(gzip.compress(text[:500]) + gzip.compress(text[500:]))
    assert values(packed) == values(plain)


def spoilt(packed: bytes, place: int) -> bytes:
    """Turn one byte of an archive over."""
    return packed[:place] + bytes([packed[place] ^ 0xFF]) + packed[place + 1 :]


LONG = gzip.compress(EVENTS * 3000 + ROWS, 1)


@pytest.mark.parametrize("name", ["a.csv.gz", "a.jsonl.gz", "a.gz", "a"])
@pytest.mark.parametrize(
    "archive",
    [LONG[:-20], LONG[:-4], LONG[:40], spoilt(LONG, 30), spoilt(LONG, len(LONG) // 2), spoilt(LONG, len(LONG) - 6),
     LONG + b"and more", LONG[:3]],
    ids=["cut", "cut-in-sum", "cut-at-once", "spoilt-start", "spoilt-middle", "wrong-sum", "garbage", "stump"],
)  # fmt: skip
def test_broken_archive_is_one_line(archive: bytes, name: str, tmp_path: Path) -> None:
    """An archive that is cut off, spoilt anywhere, or followed by something else is an error that names the file."""
    path = tmp_path / name
    path.write_bytes(archive)
    with pytest.raises(FileError, match=rf"^{path}: the archive is broken or cut off: [^\n]*$"):
        for _ in open_all(path):
            pass


def open_all(path: Path) -> list[bytes]:
    """Read everything, as the commands do."""
    with open_source(str(path)) as source:
        return list(source.lines)


def test_name_of_an_archive_that_is_none_is_refused(tmp_path: Path) -> None:
    """What is called .gz and is none was spoilt on its way; an empty file is just empty."""
    path = tmp_path / "a.csv.gz"
    path.write_bytes(ROWS)
    with pytest.raises(FileError, match="says gzip, but the file is not"):
        open_all(path)
    path.write_bytes(b"")
    assert open_all(path) == []


@pytest.mark.parametrize("name", ["no-such-file.csv", "."])
def test_unreadable_file_is_named(name: str) -> None:
    """A file that is not there, or a folder, is an error that names it."""
    with pytest.raises(FileError, match=re.escape(name)), open_source(name):
        pass


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("a.csv", b"{", "csv"),
        ("a.CSV.gz", b"", "csv"),
        ("a.tsv", b"", "csv"),
        ("a.jsonl", b"event,", "jsonl"),
        ("a.ndjson.gz", b"", "jsonl"),
        ("a.txt", b'\xef\xbb\xbf\n {"a":1}', "jsonl"),
        ("a", b"event,conveyance", "csv"),
        ("-", b'{"a":1}', "jsonl"),
        ("-", b'cut off"}\n{"a":1}\n', "jsonl"),
        ("-", b'event,conveyance\n{"a":1}\n', "csv"),
    ],
)
def test_form_is_told_by_name_or_beginning(name: str, text: bytes, form: str) -> None:
    """The name's ending decides, whatever else stands in it; where it says nothing, the first lines do."""
    assert form_of(name, text) == form


PRETTY = b"\n".join(json.dumps(json.loads(each), indent=2).encode() for each in EVENTS.splitlines())
ARRAY = b"[" + b",".join(EVENTS.splitlines()) + b"]"
MISFITS: dict[str, tuple[str, bytes, bytes]] = {
    "array": ("a.json", ARRAY, EVENTS),
    "array-pretty": ("a.json", json.dumps(json.loads(ARRAY), indent=2).encode(), EVENTS),
    "array-marked": ("a.json", b"\xef\xbb\xbf\n" + ARRAY, EVENTS),
    "array-unnamed": ("a", b" [\n" + ARRAY[1:], EVENTS),
    "pretty": ("a.jsonl", PRETTY, EVENTS),
    "pretty-crlf": ("a.json", PRETTY.replace(b"\n", b"\r\n"), EVENTS),
    "pretty-one": ("a.json", json.dumps(json.loads(EVENTS.splitlines()[0]), indent=1).encode(), EVENTS.splitlines()[0]),
    "joined": ("a.jsonl", EVENTS.replace(b"\n", b""), EVENTS),
    "array-packed": ("a b.json.gz", gzip.compress(ARRAY), EVENTS),
    "cr": ("a.csv", ROWS.replace(b"\n", b"\r"), ROWS),
    "cr-json": ("a.jsonl", EVENTS.replace(b"\n", b"\r"), EVENTS),
    "utf16": ("a.csv", ROWS.decode().encode("utf-16"), ROWS),
    "utf16be": ("a.csv", b"\xfe\xff" + ROWS.decode().encode("utf-16-be"), ROWS),
    "utf16le-bare": ("a.csv", ROWS.decode().encode("utf-16-le"), ROWS),
    "utf16be-bare": ("a'b.jsonl", EVENTS.decode().encode("utf-16-be"), EVENTS),
    "utf32": ("a.csv", ROWS.decode().encode("utf-32"), ROWS),
    "utf16-packed": ("a.csv.gz", gzip.compress(ROWS.decode().encode("utf-16")), ROWS),
    "blank": ("a.csv", b"\n" + ROWS, ROWS),
    "blank-cells": ("a.csv", b"\xef\xbb\xbf,,,\r\n;;\r\n" + ROWS, ROWS),
    "title": ("a.csv", b"Export of 20 August,,\n\n" + ROWS, ROWS),
    "sep": ("a.csv", b"sep=;\r\n" + ROWS.replace(b",", b";"), ROWS.replace(b",", b";")),
    "bzip2": ("a.csv.bz2", bz2.compress(ROWS), ROWS),
    "xz": ("a.jsonl.xz", lzma.compress(EVENTS), EVENTS),
}


@pytest.mark.parametrize("kind", MISFITS)
def test_misfit_is_said_once_and_mended_by_its_command(kind: str, tmp_path: Path) -> None:
    """What is near a file of events is refused with a command, which leads to the events that were meant."""
    name, text, meant = MISFITS[kind]
    path, right = tmp_path / name, tmp_path / f"right{'.csv' if meant.startswith((b'conv', b'event')) else '.jsonl'}"
    path.write_bytes(text)
    right.write_bytes(meant)
    with pytest.raises(FileError) as error:
        candidates(str(path))
    words, _, command = str(error.value).removeprefix(f"{path}: ").partition(": ")
    assert "expected" in words or "unpack" in words
    assert "\n" not in command
    assert not any(word in words for word in ("Zoe", "Elm", "air:1"))
    subprocess.run(["bash", "-ec", command], check=True)
    (mended,) = set(tmp_path.iterdir()) - {path, right}
    assert [json.loads(each) for each in values(mended)] == [json.loads(each) for each in values(right)]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n",
        ROWS,
        EVENTS,
        b'{"cut": \n' + EVENTS,
        b"[1]\n" + EVENTS,
        b"no\n" + EVENTS,
        b"{\n" + EVENTS,
        EVENTS[:-1] + b"\r",
    ],
)
def test_nothing_else_is_refused_as_a_whole(form: str, text: bytes) -> None:
    """A file with a wrong line is read line by line: only what is wrong throughout is refused at once."""
    if form == "jsonl" or b"{" not in text:
        refuse_misfit("a", form, text)  # type: ignore[arg-type]
    assert form_of(f"a.{form}", text) == form


def workbook() -> bytes:
    """Make the beginning of what a spreadsheet saves."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    return file.getvalue()


@pytest.mark.parametrize("text", [workbook(), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99], ids=["xlsx", "xls"])
def test_workbook_is_to_be_saved_as_csv(text: bytes, tmp_path: Path) -> None:
    """The file of a spreadsheet itself is no CSV, and the message says what to do in it."""
    path = tmp_path / "parcels.csv"
    path.write_bytes(text)
    with pytest.raises(FileError, match="workbook: save it in the spreadsheet as CSV UTF-8"):
        candidates(str(path))


def test_zip_archive_is_to_be_unpacked(tmp_path: Path) -> None:
    """A zip archive is named, with the command that unpacks its file."""
    path = tmp_path / "parcels.csv.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("parcels.csv", ROWS)
    with pytest.raises(FileError, match="zip archive, unpack it first: funzip < ") as error:
        candidates(str(path))
    assert str(error.value).endswith(f"> {tmp_path / 'parcels.csv'}")


def test_standard_input_is_told_what_to_pass_it_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of standard input no file can be named, so the filter alone is."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ARRAY)))
    with pytest.raises(FileError, match=r"^-: .*: pass it through jq -c '\.\[\]'$"):
        candidates("-")


COMMANDS = [["judge"], ["what-if", "--overflow", "latch"], ["publish", "--check"]]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command[0]))
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("02b2-utf16le-nobom.csv", "UTF-16LE"),
        ("02d-cr-only.csv", "CR alone"),
        ("05b-array-pretty.json", "JSON array"),
        ("broken.csv.gz", "archive is broken"),
        ("junk.jsonl", "no line of it could be read"),
        ("header.csv", "header"),
    ],
)
def test_every_command_refuses_the_same(
    command: list[str], name: str, said: str, tmp_path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    """Whatever reads events says of such a file what it is, in one line, and ends with 2."""
    made = {
        "broken.csv.gz": gzip.compress(ROWS * 99)[:-9],
        "junk.jsonl": b'{"a\nno\n',
        "header.csv": b"name,weight\n1,2\n",
    }
    path = tmp_path / name
    path.write_bytes(made.get(name) or (CASES / name).read_bytes())
    status, _, wrong = run(*command, str(path))
    assert status == 2
    (line_said,) = [each for each in wrong.splitlines() if said in each]
    assert line_said.startswith(f"tallygate {command[0]}: {path}:")
    assert "Traceback" not in wrong
