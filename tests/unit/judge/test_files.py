"""Lines of a file: which of them are events, what is kept of long ones, and what is said of bad ones."""

import gzip
import io
import json
import os
import re
import threading
from pathlib import Path
from typing import cast

import pytest

from agents.files import open_source
from agents.files.json_lines import LINE_BYTES_MAX, read_events
from agents.judge import FileError, JudgeOptions, judge_file, open_outputs
from agents.judge.judge_files import Outputs, dead_letter_line
from agents.judge.judge_summary import Summary
from stream.deadletters import Fault, dead_letter
from stream.records import Fate, PlainRecord
from tests.unit.publish.files import bill, candidates_of, csv_of


def read(data: bytes) -> list[tuple[int, bytes]]:
    """All events in some bytes."""
    return list(read_events(io.BytesIO(data)))


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
        assert len(list(read_events(source.lines))) == 9
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(FileError, match="archive is broken or cut off"), open_source(str(path)) as source:
        list(read_events(source.lines))


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there, or is a folder, is an error that names it."""
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(FileError, match=path.name), open_source(str(path)) as source:
            list(read_events(source.lines))


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
    summary = judge_file(str(path), JudgeOptions(), Outputs(io.BytesIO()))
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


def judged(path: Path) -> tuple[bytes, list[dict[str, object]], Summary]:
    """Judge a file; return decisions, dead letters and counts."""
    outputs = Outputs(io.BytesIO(), io.BytesIO())
    summary = judge_file(str(path), JudgeOptions(), outputs)
    decisions, dead = cast("io.BytesIO", outputs.decisions), cast("io.BytesIO", outputs.dead_letters)
    return decisions.getvalue(), [json.loads(each) for each in dead.getvalue().splitlines()], summary


CAUSE = re.compile(rb'"offset":\d+')


def test_rows_are_judged_like_the_lines_they_mean(tmp_path: Path) -> None:
    """A CSV file leads to the decisions of the JSON lines that publish makes of it, from a pipe as well, each time."""
    goods = {"line": "2", "description": "kite", "hts": "1", "origin": "FR", "line_quantity": "1", "value": "400.00"}
    landed = {"event": "arrived", "conveyance": "air:1", "arrived_at": "2025-08-20T10:00:00Z"}
    rows = csv_of(bill(line="1"), goods, bill(bill="ACME0002", value="700.00"), landed)
    path, packed, pipe, lines = (tmp_path / name for name in ("f.csv", "f.csv.gz", "pipe", "f.jsonl"))
    path.write_bytes(rows)
    packed.write_bytes(gzip.compress(rows))
    lines.write_bytes(b"\n".join(each.value for each in candidates_of(rows)))
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(rows,))
    writer.start()
    found = [judged(each)[0] for each in (path, path, packed, pipe)]
    writer.join()
    assert len(set(found)) == 1
    assert CAUSE.findall(found[0]) == [b'"offset":%d' % offset for offset in (1, 3, 4, 4)]
    assert CAUSE.sub(b"", found[0]) == CAUSE.sub(b"", judged(lines)[0])


def test_dead_letters_of_rows_have_the_row_that_is_wrong(tmp_path: Path) -> None:
    """The line is that of the cell, though the event began before it; what is no event at all is a dead letter too."""
    goods = {"line": "2", "description": "kite", "hts": "1", "origin": "FR", "line_quantity": "1", "value": "x"}
    path = tmp_path / "f.csv"
    path.write_bytes(
        csv_of(bill(line="1"), goods, bill(bill="ACME0002"), bill(bill="ACME0002"), bill(bill="ACME0003", mode="x"))
        + b"a,b,c,d\xff\n"
    )
    decisions, dead, summary = judged(path)
    assert [(each["line"], each["error"], str(each["detail"]).partition(":")[0]) for each in dead] == [
        (3, "wrong-shape", "value"),
        (4, "held-back", "bill"),
        (5, "bill-twice", "bill"),
        (6, "held-back", "bill"),
        (7, "not-utf8", "expected UTF-8"),
    ]
    assert (decisions, summary.events, summary.nothing_read) == (b"", 5, True)
    assert list(summary.lines())[-5:] == [
        "dead letters 5",
        "           1  wrong-shape",
        "           1  bill-twice",
        "           2  held-back",
        "           1  not-utf8",
    ]
