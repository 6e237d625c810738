"""Lines of a file: which of them are events, what is kept of long ones, and what is said of bad ones."""

import gzip
import io
from pathlib import Path

import pytest

from agents.judge import FileError, Options, judge_file, open_outputs
from agents.judge.files import LINE_BYTES_MAX, Outputs, dead_letter_line, open_source, read_events
from agents.judge.summary import Summary
from stream.deadletters import Fault, dead_letter
from stream.records import Fate, PlainRecord


def read(data: bytes) -> list[tuple[int, bytes]]:
    """All events in some bytes."""
    return list(read_events(io.BytesIO(data), "x"))


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b"", []),
        (b"{}\n[]\n", [(0, b"{}"), (1, b"[]")]),
        (b"{}\n[]", [(0, b"{}"), (1, b"[]")]),
        (b"{}\r\n \t\r\n\n[]\r\n", [(0, b"{}"), (3, b"[]")]),
        (b"\xef\xbb\xbf{}\n\xef\xbb\xbf{}\n", [(0, b"{}"), (1, b"\xef\xbb\xbf{}")]),
    ],
)
def test_blank_lines_count_but_are_no_events(data: bytes, events: list[tuple[int, bytes]]) -> None:
    """Each line that is not blank is an event, numbered by its line; a byte order mark may open the file."""
    assert read(data) == events


def test_long_line_is_cut_not_kept() -> None:
    """Of a line that is too long only the beginning is kept, and the next line is read whole."""
    (first, cut), (second, whole) = read(b" " * 5_000_000 + b"{}\n{}\n")
    assert (first, len(cut)) == (0, LINE_BYTES_MAX)
    assert (second, whole) == (1, b"{}")


def test_longest_event_is_whole() -> None:
    """A line of exactly the size limit is kept with nothing cut off."""
    line = b"x" * (LINE_BYTES_MAX - 2)
    assert read(line + b"\n{}") == [(0, line), (1, b"{}")]


def test_packed_file_is_unpacked(tmp_path: Path) -> None:
    """A file whose name ends in .gz reads like the plain one; one that is broken off says so."""
    path = tmp_path / "events.jsonl.gz"
    path.write_bytes(gzip.compress(b"{}\n" * 9))
    with open_source(str(path)) as source:
        assert len(list(read_events(source.lines, "x"))) == 9
    path.write_bytes(path.read_bytes()[:-9])
    with open_source(str(path)) as source, pytest.raises(FileError, match=r"^x: Compressed file ended"):
        list(read_events(source.lines, "x"))


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there, or is a folder, is an error that names it."""
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(FileError, match=path.name), open_source(str(path)) as source:
            list(read_events(source.lines, path.name))


def test_output_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """An output file in a folder that is not there is an error that names it."""
    with pytest.raises(FileError, match=r"none/dead\.jsonl: No such file"):
        open_outputs(io.BytesIO(), tmp_path / "none" / "dead.jsonl", None).__enter__()


def test_dead_letter_says_why_and_where() -> None:
    """The line has the code, the detail and the line number from 1, and nothing of the event."""
    record = PlainRecord("t", 0, 6, -1, b"key", b"secret")
    line = dead_letter_line(dead_letter(record, Fault.NOT_JSON, "$: no"))
    assert line == b'{"error":"not-json","detail":"$: no","line":7}\n'


def test_everything_is_accounted(tmp_path: Path) -> None:
    """Events read are applied, stale and dead-lettered ones, even where no file for dead letters was given."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"{}\nno\n\n")
    summary = judge_file(str(path), Options(), Outputs(io.BytesIO()))
    assert (summary.events, summary.fates) == (2, {Fate.DEAD_LETTERED: 2})
    assert list(summary.lines()) == [
        "events 2: applied 0, stale 0, dead-lettered 2",
        "decisions 0",
        "dead letters 2",
        "           1  not-json",
        "           1  wrong-envelope",
    ]


def test_summary_is_in_order_of_precedence() -> None:
    """Decisions are listed by reason as the reference page has them, alerts by name."""
    summary = Summary()
    for outcome, reason in (("release", "within-limit"), ("closed", "deleted"), ("clear", "within-limit")):
        words = (outcome.encode(), reason.encode())
        summary.add_decision(
            b'{"data":{"order":"\\"outcome\\":\\"","outcome":"%b","reason":"%b","basis":null}}' % words
        )
    summary.add_alert(b'{"data":{"alert":"near-limit"}}')
    assert [line.split() for line in summary.lines()][1:] == [
        ["decisions", "3"],
        ["1", "closed", "deleted"],
        ["1", "clear", "within-limit"],
        ["1", "release", "within-limit"],
        ["alerts", "1"],
        ["1", "near-limit"],
    ]
