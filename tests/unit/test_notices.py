"""Notices of dead letters: what they state of an event, and what they never do."""

import re

import msgspec
import pytest

from stream.deadletters import REMEDIES, Fault
from stream.notices import Notice, NoticeData, notice, source_digest
from stream.records import PlainRecord, Sink
from tests.prerequisites import ROOT


def told(value: bytes | None) -> NoticeData:
    """Return what is told of a record with this value."""
    sent = notice(PlainRecord("t", 3, 7, 1_755_000_000_123, b"air:1", value), Fault.WRONG_SHAPE, "$.data: expected it")
    assert (sent.sink, sent.partition, sent.key) == (Sink.NOTICES, 3, None)
    made = msgspec.json.decode(sent.value or b"", type=Notice)
    assert (made.id, made.time.isoformat()) == ("t/3/7", "2025-08-12T12:00:00.123000+00:00")
    assert (made.data.code, made.data.detail, made.data.record.offset) == (Fault.WRONG_SHAPE, "$.data: expected it", 7)
    return made.data


@pytest.mark.parametrize(
    ("value", "event_id", "source"),
    [
        (b'{"id":"e-1","source":"/acme","data":{"name":"Ada"}}', "e-1", "/acme"),
        (b'{"id":"5e0f3a5e-9c1b-4a1e-8f77-0d6b4f8f3c11"}', "5e0f3a5e-9c1b-4a1e-8f77-0d6b4f8f3c11", None),
        (b'{"source":"Ada Example, 1 Main St"}', None, "Ada Example, 1 Main St"),
        (b'{"id":"Ada","source":""}', None, None),
        (b'{"id":"Ada 1","source":7}', None, None),
        (b'{"id":["e-1"],"source":{"a":1}}', None, None),
        (b'{"id":"%s"}' % (b"1" * 201), None, None),
        (b'["e-1","/acme"]', None, None),
        (b"\xff", None, None),
        (b'{"id":"e-1","source":"/acme"', None, None),
        (b'{"id":"e-1","data":' + b"[" * 100_000, None, None),
        (b'{"id":"e-1","data":"%s"}' % (b"x" * 1_000_000), None, None),
        (None, None, None),
    ],
)
def test_id_and_digest_of_the_source_alone(value: bytes | None, event_id: str | None, source: str | None) -> None:
    """An identifier is told, a source as its digest, and nothing of what may be a name; no record stops a worker."""
    found = told(value)
    assert found.event_id == event_id
    assert found.source_digest == (None if source is None else source_digest(source))
    assert "Ada" not in str(found)


def test_digest_is_that_of_the_page() -> None:
    """A reader can make it by itself: the first digits of a plain SHA-256."""
    assert source_digest("/acme/lyon") == "66927f4a7e995ef7978149e079f2c984"


def test_remedies_are_those_of_the_page() -> None:
    """Every code has its remedy, in the words of the page on events."""
    page = (ROOT / "docs/events.md").read_text("utf-8").partition("## What becomes of a wrong event")[2]
    rows = re.findall(r"^\| `([a-z-]+)` \| .+? \| (.+?) \|$", page, re.MULTILINE)
    plain = {code: re.sub(r"\[(.+?)\]\(.+?\)", r"\1", remedy).replace("`", "") for code, remedy in rows}
    assert plain == {fault.value: remedy for fault, remedy in REMEDIES.items()}
    assert {*REMEDIES} == {*Fault}
