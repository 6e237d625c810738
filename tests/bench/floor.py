"""The floor: what the calls into C cost that no event can do without, in microseconds of processor time.

Reading an event, the digest of its consignee, encoding what is sent, and packing it into batches. A step of no cost at
all around them would take this long. C code makes the calls over lists, so that no interpreted loop is measured
but the comprehension that collects restored rows.
"""

from base64 import b32encode
from collections import deque
from collections.abc import Callable, Iterable
from hmac import digest
from itertools import count, repeat
from time import thread_time
from typing import Any, Final, NamedTuple
from zlib import crc32

import msgspec
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from state.manifest.step import ManifestStep
from state.rules.loading import load_rulebook
from state.step import Step
from state.table import Table
from state.withholding import WithholdingStep
from stream.consignee import KeyMaker
from stream.decisions import Policy
from stream.events import Shipment
from stream.postings import Posting
from stream.records import Fate, Outgoing, Record, Sink
from tests.bench.loading import Row
from tests.bench.mix import EVENTS_A_JOIN, SECRET, records_of

PASSES: Final = 5
BATCH_RECORDS: Final = 500
BATCH_BYTES: Final = 100_000_000
FORM: Final = b"jane q public\n12 n main st apt 4\nspringfield\nil\n62701\nus"
"""A canonical form of the usual length."""

KeyValue = tuple[bytes | None, bytes | None]


class Traced(NamedTuple):
    """What one step read and wrote."""

    read: list[bytes]
    sent: list[Outgoing]
    changed: list[KeyValue]


class Floors(NamedTuple):
    """Microseconds of each kind of work."""

    manifest: float
    """An event: reading, digest, encoding and packing its postings, packing its rows."""
    withholding: float
    """A posting record: reading, encoding and packing its decisions, packing its rows."""
    restore: float
    """A changelog row: unpacking it, keeping the last of each key, its checksum."""
    judge: float
    """An event of `judge`: both steps, without packing."""


def floors(events: Iterable[Row]) -> Floors:
    """Judge events once to know what is read and written, then measure the calls alone."""
    rulebook = load_rulebook()
    manifest = trace(ManifestStep(rulebook, KeyMaker(SECRET)), records_of(events, "shipments"))
    rows = [(0, each.key, each.value or b"") for each in manifest.sent if each.sink is Sink.POSTINGS]
    withholding = trace(WithholdingStep(rulebook, Policy(), 1, "shipments"), records_of(rows, "postings"))
    bills = [value for value in manifest.read if b'"consignee":' in value]
    first = _decoding(manifest.read, Shipment) + least(lambda: drain(map(_key_of, repeat(FORM, len(bills)))))
    first += _encoding(manifest.sent, Sink.POSTINGS, Posting)
    second = _decoding(withholding.read, Posting) + _encoding(withholding.sent, Sink.DECISIONS, dict[str, Any])
    reads, posts = len(manifest.read), len(withholding.read)
    return Floors(
        (first + _packing(manifest)) / reads * 1e6,
        (second + _packing(withholding)) / posts * 1e6,
        _restoring(withholding.changed) / len(withholding.changed) * 1e6,
        (first + second) / reads * 1e6,
    )


def trace(step: Step, records: Iterable[Record]) -> Traced:
    """Judge records, and return what the step read, sent and changed for those that it applied."""
    table, found = Table(), Traced([], [], [])
    overlay = table.overlay()
    for number, record in enumerate(records, 1):
        fate, _code, outputs = step(record, overlay)
        found.sent.extend(output for output in outputs if output is not None)
        if fate is Fate.APPLIED:
            found.read.append(record.value or b"")
        if number % EVENTS_A_JOIN == 0:
            found.changed.extend(overlay.changes())
            overlay.join()
            overlay = table.overlay()
    found.changed.extend(overlay.changes())
    return found


def drain(work: Iterable[object]) -> None:
    """Do the work, and keep nothing of it."""
    deque(work, maxlen=0)


def least(work: Callable[[], None]) -> float:
    """Return the least processor seconds of a few passes."""
    taken = []
    for _ in range(PASSES):
        begin = thread_time()
        work()
        taken.append(thread_time() - begin)
    return min(taken)


def _key_of(form: bytes) -> bytes:
    return b32encode(digest(SECRET, form, "sha256"))


def _decoding(values: list[bytes], shape: Any) -> float:
    decode = msgspec.json.Decoder(shape).decode
    return least(lambda: drain(map(decode, values)))


def _encoding(sent: list[Outgoing], sink: Sink, shape: Any) -> float:
    """Return what it takes to encode the values that went to a sink, given as objects."""
    objects = [msgspec.json.decode(each.value or b"", type=shape) for each in sent if each.sink is sink]
    return least(lambda: drain(map(msgspec.json.Encoder().encode, objects)))


def _packing(traced: Traced) -> float:
    """Return what it takes to pack what was sent and what was changed."""
    rows = [(each.key, each.value) for each in traced.sent] + traced.changed
    return least(lambda: drain(map(_batch, _cut(rows))))


def _cut(rows: list[KeyValue]) -> list[list[KeyValue]]:
    return [rows[start : start + BATCH_RECORDS] for start in range(0, len(rows), BATCH_RECORDS)]


def _batch(rows: list[KeyValue]) -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, True, 1, 0, 0, BATCH_BYTES)
    keys, values = zip(*rows, strict=True)
    drain(map(builder.append, count(), repeat(1), keys, values, repeat([])))
    return bytes(builder.build())


def _restoring(changed: list[KeyValue]) -> float:
    batches = [_batch(rows) for rows in _cut(changed)]

    def restore() -> None:
        rows = {record.key: record.value for batch in batches for record in DefaultRecordBatch(bytearray(batch))}
        drain(map(crc32, rows))
        drain(map(crc32, filter(None, rows.values())))

    return least(restore)
