"""What must be in the topics after a year, by the plain models, and what is there: digests, place by place.

A partition at a time: a year does not fit into memory. The key of a person is made by the key maker, which has
published vectors of its own; everything else is said by `tests/reference`, which shares no code with the steps.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import groupby
from typing import Any, Final, NamedTuple

import msgspec

from stream.alerts import alert_event
from stream.consignee import KeyMaker
from stream.decisions import DecisionData, Policy
from stream.partition import partition_of
from stream.postings import Posting
from stream.records import Fate, PlainRecord
from tests.decision_event import decision_event
from tests.reference.day import Reference
from tests.reference.manifest import ManifestReference, moved
from tests.reference.messages import BOOK
from tests.reference.shipped import EVERY

ENABLED: Final = ("us-321", "ec", "uz")
WORLD: Final = EVERY.enabled(*ENABLED)
SECRET: Final = b"a secret of the chaos run"
EPOCH: Final = 1

Place = tuple[int, int]
"""The partition that a record was judged in, and the one that it is in."""
Digests = dict[Place, list[bytes]]
"""What stands for each record at a place, in order."""

_encode: Final = msgspec.json.Encoder().encode
_posting: Final = msgspec.json.Decoder(Posting)


class _Sent(msgspec.Struct):
    data: DecisionData


class _Raised(msgspec.Struct):
    class _Data(msgspec.Struct):
        class _Cause(msgspec.Struct):
            partition: int
            offset: int

        cause: _Cause
        consignee: str

    data: _Data


_sent: Final = msgspec.json.Decoder(_Sent)
_raised: Final = msgspec.json.Decoder(_Raised)


class Manifested(NamedTuple):
    """What a partition of the shipments topic must lead to."""

    postings: Digests
    letters: Digests
    fates: Counter[str]


class Withheld(NamedTuple):
    """What a partition of the postings topic holds, and what it must lead to."""

    postings: Digests
    decisions: Digests
    alerts: Digests
    met: Counter[tuple[str, str, str]]
    """Decisions by programme, outcome and reason."""
    periods: Counter[tuple[str, str]]
    """Decisions by programme and period."""


class Decided(NamedTuple):
    """What a partition of the decisions topic holds."""

    decisions: Digests
    counting: Counter[tuple[str, str, str]]
    """By consignee, programme and period, the hundredths of its bills whose latest decision counts."""


def manifested(records: Iterable[PlainRecord], partition: int, partitions: int) -> Manifested:
    """Read a partition of the shipments topic by the plain model."""
    keys = KeyMaker(SECRET)
    model = ManifestReference(lambda consignee: _key_of(keys, consignee), WORLD, keys.of_seller)
    found = Manifested(defaultdict(list), defaultdict(list), Counter())
    for record in records:
        fate, code, postings = _read(model, record, partition)
        found.fates[fate] += 1
        if fate == Fate.DEAD_LETTERED:
            found.letters[partition, partition].append(_letter(record, code))
        by_place: defaultdict[int, list[bytes]] = defaultdict(list)
        for posting in postings:
            by_place[partition_of(posting.consignee.encode(), partitions)].append(_posted(posting))
        for number, digests in by_place.items():
            # Of one event, the persons may come in any order.
            found.postings[partition, number] += sorted(digests)
    return found


def letters(records: Iterable[PlainRecord], partition: int) -> Digests:
    """Return what the dead letters of a partition are."""
    return {(partition, partition): [_letter(one, dict(one.headers)["x-error"].decode()) for one in records]}


def withheld(records: Iterable[PlainRecord], partition: int, partitions: int, topic: str) -> Withheld:
    """Judge a partition of the postings topic by the plain model; `topic` is that of the shipments."""
    model = Reference(BOOK.with_programmes(sorted(ENABLED), "us-321"), Policy(), EPOCH, topic, WORLD)
    found = Withheld(defaultdict(list), defaultdict(list), defaultdict(list), Counter(), Counter())
    events: defaultdict[int, list[tuple[int, bytes]]] = defaultdict(list)
    for record in records:
        posting = _posting.decode(record.value or b"")
        events[posting.partition].append((posting.offset, _posted(posting, record.key)))
        judged = model.judge(posting, partition)
        for data in judged.decisions:
            key = data.bill.encode()
            place = partition, partition_of(key, partitions)
            found.decisions[place].append(_digest(key, _encode(decision_event(data, posting.time))))
            found.met[data.programme, data.outcome, data.reason] += 1
            if data.period is not None:
                found.periods[data.programme, data.period] += 1
        key = posting.consignee.encode()
        alerts = [_digest(key, _encode(alert_event(data, posting.time))) for data in judged.alerts]
        if alerts:
            found.alerts[partition, partition] += sorted(alerts)
    for source, there in events.items():
        for _, same_event in groupby(there, lambda one: one[0]):
            found.postings[source, partition] += sorted(digest for _, digest in same_event)
    return found


def alerts(records: Iterable[PlainRecord], partition: int) -> Digests:
    """Return what the alerts of a partition are; those of one posting may come in any order."""
    found: list[bytes] = []
    for _, together in groupby(((_raised.decode(one.value or b"").data, one) for one in records), lambda one: one[0]):
        found += sorted(_digest(one.key, one.value) for _, one in together)
    return {(partition, partition): found} if found else {}


def decided(records: Iterable[PlainRecord], partition: int, partitions: int) -> Decided:
    """Return what the decisions of a partition are, and what counts by the latest ones."""
    found, current = Decided(defaultdict(list), Counter()), dict[tuple[str, str], DecisionData]()
    for record in records:
        data = _sent.decode(record.value or b"").data
        source = partition_of(data.consignee.encode(), partitions)
        found.decisions[source, partition].append(_digest(record.key, record.value))
        key, rank = (data.bill, data.conveyance), _rank(data)
        if key not in current or _rank(current[key]) <= rank:
            current[key] = data
    for data in current.values():
        if data.counts and data.period is not None:
            found.counting[data.consignee, data.programme, data.period] += data.counted_cents or 0
    return found


def over_limit(counting: Counter[tuple[str, str, str]]) -> list[str]:
    """Return a line for each ledger whose decisions add up to more than its limit."""
    limits = {name: max(one.amount for one in WORLD.programmes[name].limits) for name in ENABLED}
    return [
        f"{programme} {period} of a person adds up to {cents}, and the limit is {limits[programme]}"
        for (_, programme, period), cents in counting.items()
        if cents > limits[programme]
    ]


def _read(model: ManifestReference, record: PlainRecord, partition: int) -> tuple[Fate, str, list[Posting]]:
    try:
        event = msgspec.json.decode(record.value or b"")
    except msgspec.DecodeError:
        return Fate.DEAD_LETTERED, "not-json", []
    read = model.read(event, partition, record.offset)
    return read.fate, read.code, read.postings


def _key_of(keys: KeyMaker, consignee: dict[str, Any]) -> str:
    if "identifier" in consignee:
        return keys.of_identifier(consignee["identifier_type"], consignee["identifier"])
    address = consignee["address"]
    place = address["city"], None, address["postal"], address["country"]
    return keys.of_name(consignee["name"], address["lines"], *place)


def _posted(posting: Posting, key: bytes | None = None) -> bytes:
    """Return what stands for a posting; what a withdrawal says of value and goods does not matter."""
    if any(bill.stand == "moved" for bill in posting.bills):
        bills = tuple(moved(bill) if bill.stand == "moved" else bill for bill in posting.bills)
        posting = msgspec.structs.replace(posting, bills=bills)
    return _digest(posting.consignee.encode() if key is None else key, _encode(posting))


def _letter(record: PlainRecord, code: str) -> bytes:
    return _digest(record.key, code.encode() + b" " + (record.value or b""))


def _digest(key: bytes | None, value: bytes | None) -> bytes:
    return hashlib.blake2b((key or b"") + b"\0" + (value or b""), digest_size=16).digest()


def _rank(data: DecisionData) -> tuple[int, int, int, int]:
    return data.epoch, data.bill_version, data.posting, data.revision


def merged(all_of: Iterable[Digests]) -> Digests:
    """Put together what was found a partition at a time; no place comes twice."""
    found: Digests = {}
    for one in all_of:
        found |= {place: digests for place, digests in one.items() if digests}
    return found
