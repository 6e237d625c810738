"""A file from check to sending: read twice, in slices, with a sender that only remembers."""

import gzip
import io
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agents.files import FileError, Opener, form_of, twice_readable
from agents.files.mistakes import Mistake
from agents.observability.progress_bar import no_progress
from agents.publish.event_checks import Good
from agents.publish.over_gateway import GatewaySender
from agents.publish.publish_errors import ChangedError, PublishAwayError
from agents.publish.publish_file import (
    SLICE_BYTES,
    SLICE_EVENTS,
    PublishJob,
    PublishReport,
    Sift,
    check,
    right,
    send,
    whole,
)
from agents.tallygate_client.exchange import BATCH_BYTES
from tests.unit.publish.files import BILL, NOW_MS, bill, csv_of, event, line


class Remembering:
    """A sender that keeps what it is given; it fails after so many slices."""

    place = "nowhere"

    def __init__(self, fails_after: int = 1_000) -> None:
        self.slices: list[list[Good]] = []
        self._left = fails_after

    async def send(self, events: Sequence[Good]) -> None:
        if not self._left:
            raise PublishAwayError("gone")
        self._left -= 1
        self.slices.append(list(events))

    @property
    def values(self) -> list[bytes]:
        return [each.value for batch in self.slices for each in batch]


def job(opener: Opener, name: str = "events") -> PublishJob:
    with opener() as source:
        return PublishJob(name, opener, form_of(name, source.head), "/tests", NOW_MS)


async def sent(path: Path, sender: Remembering) -> list[int]:
    """Send a file; return the counts that were told."""
    with twice_readable(str(path)) as opener:
        return [count async for count in send(right(job(opener, str(path)), no_progress), sender)]


def sifted(path: Path) -> tuple[list[Good], Sift, list[tuple[int, str]]]:
    """Return what goes out of a file of which not all is right, the sums, and the bills that are held back."""
    sift = Sift()
    held: list[tuple[int, str]] = []
    with twice_readable(str(path)) as opener:
        this = job(opener, str(path))
        report = check(this, no_progress, lambda _mistake: None)
        going = list(whole(this, no_progress, report, sift, lambda line, bill: held.append((line, bill))))
    return going, sift, held


def checked(path: Path) -> tuple[PublishReport, list[Mistake]]:
    found: list[Mistake] = []
    with twice_readable(str(path)) as opener:
        return check(job(opener, str(path)), no_progress, found.append), found


LINES = [line(event(bill=f"ACME{number:04}")) for number in range(5)]


def test_report_counts_events_and_mistakes(tmp_path: Path) -> None:
    """Good and bad events and the mistakes by code are counted, and every mistake is told in the file's order."""
    path = tmp_path / "events.csv"
    path.write_bytes(
        csv_of(
            BILL, bill(bill="ACME0001X", mode="x", value="x"), bill(bill="ACME0002"), bill(bill="ACME0003", origin="x")
        )
    )
    report, found = checked(path)
    assert (report.good, report.bad, dict(report.codes)) == (2, 2, {"wrong-shape": 3})
    assert [mistake.line for mistake in found] == [3, 3, 5]


async def test_file_is_sent_as_it_stands(tmp_path: Path) -> None:
    """Every event goes out byte by byte, in the order of the file, and is counted when acknowledged."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n\n".join(LINES))
    sender = Remembering()
    assert await sent(path, sender) == [5]
    assert sender.values == LINES


async def test_slices_are_bounded_by_count_and_bytes(tmp_path: Path) -> None:
    """Many small events go out in slices of so many, large ones in slices of so many bytes."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(LINES[:1] * (SLICE_EVENTS + 1)))
    small = Remembering()
    assert await sent(path, small) == [SLICE_EVENTS, SLICE_EVENTS + 1]
    large_event = line(event() | {"padding": "x" * 900_000})
    path.write_bytes(b"\n".join([large_event] * 10))
    large = Remembering()
    assert await sent(path, large) == [5, 10]
    assert all(sum(len(each.value) for each in batch) < SLICE_BYTES + 1_000_000 for batch in large.slices)


async def test_bad_events_are_skipped_only_if_asked(tmp_path: Path) -> None:
    """What is whole can be sent alone; where all was right, a mistake that turns up only now ends it all."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join([LINES[0], b"{}", LINES[1]]))
    going, sift, held = sifted(path)
    assert [each.value for each in going] == LINES[:2]
    assert (sift.read, sift.sent, sift.held, sift.mistakes, held) == (3, 2, 0, 1, [])
    with pytest.raises(ChangedError, match="run it again"):
        await sent(path, Remembering())


async def test_what_was_acknowledged_is_known_when_it_breaks(tmp_path: Path) -> None:
    """The counts told before a failure are those of slices that are there to stay."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(LINES[:1] * (2 * SLICE_EVENTS)))
    with twice_readable(str(path)) as opener:
        counts = send(right(job(opener, "f.jsonl"), no_progress), Remembering(1))
        assert await anext(counts) == SLICE_EVENTS
        with pytest.raises(PublishAwayError):
            await anext(counts)


@pytest.mark.parametrize("how", ["file", "packed", "pipe", "input"])
async def test_every_source_is_read_twice(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, a packed one, a pipe and standard input are checked whole first and then sent whole."""
    text = b"\n".join(LINES)
    path = tmp_path / ("events.jsonl.gz" if how == "packed" else "events.jsonl")
    writer = None
    if how == "pipe":
        os.mkfifo(path)
        writer = threading.Thread(target=path.write_bytes, args=(text,))
        writer.start()
    elif how == "input":
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    else:
        path.write_bytes(gzip.compress(text) if how == "packed" else text)
    name = "-" if how == "input" else str(path)
    sender = Remembering()
    with twice_readable(name) as opener:
        this = job(opener, name)
        assert check(this, no_progress, lambda _mistake: None).good == 5
        assert [count async for count in send(right(this, no_progress), sender)] == [5]
    assert sender.values == LINES
    if writer is not None:
        writer.join()


@pytest.mark.parametrize("name", ["no-such-file.csv", "."])
def test_unreadable_file_is_named(name: str) -> None:
    """A file that is not there, or a folder, is an error that names it."""
    with pytest.raises(FileError, match=name), twice_readable(name) as opener:
        job(opener, name)


@pytest.mark.parametrize("name", ["a.csv.gz", "a.jsonl.gz", "a.gz"])
def test_broken_archive_is_an_error_of_the_file(name: str, tmp_path: Path) -> None:
    """A packed file that breaks off is unreadable, in either form."""
    path = tmp_path / name
    path.write_bytes(gzip.compress(csv_of(BILL) * 200)[:-20])
    with pytest.raises(FileError, match=name.partition(".")[0]):
        checked(path)


class Posting:
    """A gateway that remembers bodies."""

    url = "http://gate"

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def post(self, _path: str, body: bytes, _content_type: str) -> dict[str, Any]:
        self.bodies.append(body)
        return {}


async def test_batches_over_http_are_bounded() -> None:
    """A gateway gets arrays of at most so many bytes, in order, and an event larger than that by itself."""
    gateway = Posting()
    events = [
        Good(1, line({"n": number, "x": "y" * size}), "a") for number, size in enumerate([9] * 1500 + [BATCH_BYTES, 9])
    ]
    await GatewaySender(gateway).send(events)  # type: ignore[arg-type]
    assert b"".join(body[1:-1] + b"," for body in gateway.bodies) == b"".join(each.value + b"," for each in events)
    assert [body.count(b'"n"') for body in gateway.bodies] == [1000, 500, 1, 1]
