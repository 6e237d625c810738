"""A hundred thousand damaged shipment records: none crashes the step, each is accounted, and no detail tells a name."""

import random
import re
from collections import Counter
from collections.abc import Callable

import msgspec

from stream.deadletters import Fault
from stream.partition import partition_of
from stream.records import Fate, PlainRecord, Sink
from tests.unit.manifest.step_in_words import CONVEYANCE, StepInWords, event, line, whole_bill

RECORDS = 100_000
SEED = 20_250_812
PARTITIONS = 3
KEY = CONVEYANCE.encode()
PARTITION = partition_of(KEY, PARTITIONS)
TIMESTAMP = 1_755_500_000_000
CANARY = b"Canary"
ORDER = re.compile(rb'"order":"[^"]*"')  # the one text that travels: damage may put anything there

BASES = [
    msgspec.json.encode(sent)
    for sent in (
        event("bill.manifested", whole_bill("ACME0001", 1, "A", order="o-1", arrived_at="2025-08-20T12:00:00Z")),
        event("bill.manifested", whole_bill("ACME0002", 1, "B", lines=[line(), line(currency="EUR", flags=("pga",))])),
        event("bill.amended", whole_bill("ACME0001", 2, "C", estimated_arrivals=["2025-08-20"], filing="type86")),
        event("bill.deleted", {"bill": "ACME0001", "conveyance": CONVEYANCE, "version": 3}),
        event("bill.disposed", {"bill": "ACME0002", "conveyance": CONVEYANCE, "version": 2, "how": "entry-11"}),
        event("conveyance.estimated", {"conveyance": CONVEYANCE, "estimated_arrival": "2025-08-20T12:00:00Z"}),
        event("conveyance.arrived", {"conveyance": CONVEYANCE, "arrived_at": "2025-08-20T12:00:00Z", "port": "4701"}),
    )
]
TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null|[{}\[\]:,]')
SPANS = {base: [found.span() for found in TOKENS.finditer(base)] for base in BASES}
JUNK = [
    b"null", b"true", b"[]", b"{}", b'""', b'"Canary"', b'"Canary - at `$.data.Canary`"', b'["Canary"]',
    b'{"Canary":"Canary"}', b"0", b"-1", b"1.0", b"1e3", b"1e400", b"-0.0", b"9" * 400, b"NaN", b"-Infinity",
    b'"\xff\xfe"', b'"\xed\xa0\x80"', b'"\\ud800"', b'"\\ud83d\\ude00"', b'"\x00"', b'"ACME0001\\n"',
    b'"2025-08-20"', b'"0001-01-01T00:00:00Z"', b'"9999-12-31T23:59:59.999999-23:59"', b'"2025-08-20T12:00:00"',
    b'"2026-08-20T12:00:00Z"', b"[" * 60 + b"]" * 60, b"[" * 2000 + b"]" * 2000, b'{"a":' * 500 + b"1" + b"}" * 500,
    b"[" * 5000, b'"' + b"Canary" * 20 + b'"', b"\xef\xbb\xbf", b"'Canary'", b"",
]  # fmt: skip
NAMES = [b'"type":"Canary",', b'"time":1,', b'"data":{},', b'"data":null,', b'"bill":"ACME0009",', b'"version":1.0,',
         b'"conveyance":"Canary",', b'"Canary":{"Canary":[NaN]},', b'"lines":[],', b'"name":"Canary",']  # fmt: skip

Damage = Callable[[random.Random, bytes], bytes | None]


def cut(rng: random.Random, value: bytes) -> bytes:
    """The beginning alone."""
    return value[: rng.randrange(len(value))]


def strike(rng: random.Random, value: bytes) -> bytes:
    """One byte is another."""
    place = rng.randrange(len(value))
    return value[:place] + bytes((rng.randrange(256),)) + value[place + 1 :]


def replace(rng: random.Random, value: bytes) -> bytes:
    """Something else stands in the place of one token."""
    start, end = rng.choice(SPANS[value])
    return value[:start] + rng.choice(JUNK) + value[end:]


def repeat_name(rng: random.Random, value: bytes) -> bytes:
    """A field that may be there already is put before the others of some object."""
    braces = [end for start, end in SPANS[value] if value[start:end] == b"{"]
    place = rng.choice(braces)
    return value[:place] + rng.choice(NAMES) + value[place:]


def drop(rng: random.Random, value: bytes) -> bytes:
    """Some tokens in a row are missing."""
    spans = SPANS[value]
    first = rng.randrange(len(spans))
    last = min(first + rng.randrange(4), len(spans) - 1)
    return value[: spans[first][0]] + value[spans[last][1] :]


def swap(rng: random.Random, value: bytes) -> bytes:
    """Two tokens have changed places."""
    (first, first_end), (second, second_end) = sorted(rng.sample(SPANS[value], 2))
    between = value[first_end:second]
    return value[:first] + value[second:second_end] + between + value[first:first_end] + value[second_end:]


def keep(_rng: random.Random, value: bytes) -> bytes:
    """Nothing is wrong with the value."""
    return value


def lose(rng: random.Random, _value: bytes) -> bytes | None:
    """A tombstone, or nothing like an event."""
    return rng.choice([None, b"", b" ", b"null", b"[]", b'"Canary"', b"\x00" * 9, rng.randbytes(40)])


DAMAGES: list[Damage] = [cut, strike, strike, replace, replace, replace, repeat_name, drop, swap, keep, lose]


def damaged(rng: random.Random, offset: int) -> PlainRecord:
    """One record, most likely not what it should be."""
    value = rng.choice(DAMAGES)(rng, rng.choice(BASES))
    if value is not None:
        value = value.replace(b"ACME000", b"ACME%d" % rng.randrange(4000)).replace(
            b"T00:00:", b"T%02d:00:" % (offset % 24)
        )
    key = KEY if rng.random() < 0.95 else rng.choice([None, b"", b"Canary", KEY + b"\n", b"\xff"])
    partition = PARTITION if rng.random() < 0.95 else rng.randrange(PARTITIONS)
    return PlainRecord("shipments", partition, offset, TIMESTAMP, key, value, (("h", b"1"),))


def test_mutated_records_are_all_accounted() -> None:
    """Each is applied, stale or dead; each dead one is one letter with the original and a detail that tells nothing."""
    rng, in_words = random.Random(SEED), StepInWords(PARTITIONS)
    counted: Counter[str] = Counter()
    overlay = in_words.table.overlay()
    for offset in range(RECORDS):
        record = damaged(rng, offset)
        result = in_words.step(record, overlay)
        outputs = [output for output in result.outputs if output is not None]
        counted[result.fate.value] += 1
        counted[result.code] += 1
        if result.fate is Fate.DEAD_LETTERED:
            letter, told = outputs
            headers = dict(letter.headers)
            assert (letter.sink, letter.key, letter.value) == (Sink.DEAD_LETTERS, record.key, record.value)
            assert (headers["x-error"].decode(), headers["h"]) == (result.code, b"1")
            assert CANARY not in headers["x-detail"]
            assert (told.sink, CANARY in (told.value or b"")) == (Sink.NOTICES, False)
        else:
            assert not any(CANARY in ORDER.sub(b"", output.value or b"") for output in outputs)
            assert {output.sink for output in outputs} <= {Sink.POSTINGS}
        if offset % 1000 == 0:
            overlay.join()
            overlay = in_words.table.overlay()
    overlay.join()
    assert sum(counted[fate.value] for fate in Fate) == RECORDS
    assert min(counted[fate.value] for fate in Fate) > 500
    assert all(counted[fault.value] for fault in Fault if fault is not Fault.TOO_LARGE)
