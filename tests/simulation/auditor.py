"""The auditor: reads what a broker holds in the end, and recomputes all of it with the plain models."""

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from stream.decisions import Policy
from stream.postings import Posting
from stream.records import Fate, Outgoing, PlainRecord, Sink
from tests.reference.day import Reference
from tests.reference.manifest import ManifestReference, Read, moved
from tests.reference.messages import BOOK, check_outputs
from tests.simulation.broker import INPUT, Broker
from tests.simulation.workload import Planned, partition_of, who_is

_posting = msgspec.json.Decoder(Posting)


class Auditor:
    """Compares a broker at rest with the plan; every difference is an AssertionError."""

    def __init__(self, broker: Broker, delivered: dict[int, list[Planned]], policy: Policy, epoch: int) -> None:
        self.broker = broker
        self.delivered = delivered
        self.policy = policy
        self.epoch = epoch
        self.persons: dict[str, str] = {}
        """Consignee key -> person."""
        self.seen: set[str] = set()
        """Outcomes with their reasons, alerts, fates and error codes that were met: what the workload reaches."""

    def audit(self) -> None:
        """Check everything that was read, sent and counted."""
        self._check_offsets()
        expected: dict[tuple[int, int], list[Posting]] = {}
        model = ManifestReference(who_is)
        for partition, records in self.delivered.items():
            reads = [self._read(model, planned, partition, place) for place, planned in enumerate(records)]
            self._check_fates(partition, reads)
            self._check_dead_letters(partition, reads)
            expected |= {(partition, place): read.postings for place, read in enumerate(reads) if read.postings}
        self._check_postings(expected)
        for partition in range(self.broker.partitions):
            self._check_decisions(partition)

    def _check_offsets(self) -> None:
        for step, topic in INPUT.items():
            for partition in range(self.broker.partitions):
                assert self.broker.offsets[step, partition] == len(self.broker.logs[topic, partition]), "left unread"

    @staticmethod
    def _read(model: ManifestReference, planned: Planned, partition: int, offset: int) -> Read:
        if planned.fault:
            return Read(Fate.DEAD_LETTERED, planned.fault)
        return model.read(planned.event, partition, offset)

    def _check_fates(self, partition: int, reads: list[Read]) -> None:
        fates = self.broker.fates["manifest", partition]
        assert [fate for fate, _ in fates] == [read.fate for read in reads], "shipments not accounted for"
        self.seen |= {f"{read.fate} {read.code}".strip() for read in reads}
        codes = [code for fate, code in fates if fate is Fate.DEAD_LETTERED]
        assert codes == [read.code for read in reads if read.fate is Fate.DEAD_LETTERED], "wrong error codes"

    def _check_dead_letters(self, partition: int, reads: list[Read]) -> None:
        expected = [
            (
                planned.key,
                planned.value,
                {
                    "x-error": read.code.encode(),
                    "x-topic": b"shipments",
                    "x-partition": str(partition).encode(),
                    "x-offset": str(place).encode(),
                },
            )
            for place, (planned, read) in enumerate(zip(self.delivered[partition], reads, strict=True))
            if read.fate is Fate.DEAD_LETTERED
        ]
        letters = self.broker.logs["dead-letters", partition]
        found = [
            (one.key, one.value, {name: value for name, value in one.headers if name != "x-detail"}) for one in letters
        ]
        assert found == expected, "dead letters differ"

    def _check_postings(self, expected: dict[tuple[int, int], list[Posting]]) -> None:
        found: defaultdict[tuple[int, int], list[Posting]] = defaultdict(list)
        for partition in range(self.broker.partitions):
            last: dict[int, int] = {}
            for record in self.broker.logs["postings", partition]:
                posting = _posting.decode(record.value or b"")
                assert record.key == posting.consignee.encode()
                assert partition_of(record.key, self.broker.partitions) == partition, "a consignee on two partitions"
                assert last.get(posting.partition, -1) <= posting.offset, "postings out of order"
                last[posting.partition] = posting.offset
                found[posting.partition, posting.offset].append(posting)
        assert sorted(found) == sorted(expected), "postings lost or made up"
        for place, postings in expected.items():
            self._check_event(found[place], postings)

    def _check_event(self, found: Sequence[Posting], expected: Sequence[Posting]) -> None:
        """Compare the postings of one event; which key is whose is learned, and must stay so."""
        assert len(found) == len(expected), "an event posted twice or not at all"
        bills = {tuple(map(_essence, posting.bills)): posting for posting in expected}
        for posting in found:
            essence = tuple(map(_essence, posting.bills))
            assert essence in bills, f"wrong posting {posting}"
            person = bills.pop(essence)
            assert msgspec.structs.replace(person, consignee="", bills=()) == msgspec.structs.replace(
                posting, consignee="", bills=()
            ), "a posting with a wrong cause"
            assert self.persons.setdefault(posting.consignee, person.consignee) == person.consignee, "two in one key"
        assert len(set(self.persons.values())) == len(self.persons), "one person under two keys"

    def _check_decisions(self, partition: int) -> None:
        """Judge the postings log once more, and hold decisions and alerts against it in order."""
        reference = Reference(BOOK, self.policy, self.epoch, "shipments")
        postings = self.broker.logs["postings", partition]
        decisions = list(self.broker.logs["decisions", partition])
        alerts = list(self.broker.logs["alerts", partition])
        fates = [fate for fate, _ in self.broker.fates["withholding", partition]]
        assert fates == [Fate.APPLIED] * len(postings), "postings not accounted for"
        for record in postings:
            posting = _posting.decode(record.value or b"")
            expected = reference.judge(posting, partition)
            sent = [
                *_outgoing(Sink.DECISIONS, decisions, len(expected.decisions)),
                *_outgoing(Sink.ALERTS, alerts, len(expected.alerts)),
            ]
            check_outputs(sent, expected, posting, partition)
            self.seen |= {f"{one.outcome} {one.reason}" for one in expected.decisions}
            self.seen |= {f"alert {one.alert}" for one in expected.alerts}
        assert not decisions, "decisions repeated or made up"
        assert not alerts, "alerts repeated or made up"


def _outgoing(sink: Sink, log: list[PlainRecord], count: int) -> list[Outgoing]:
    """Take the next records off a log."""
    taken = [Outgoing(sink, one.partition, one.key, one.value) for one in log[:count]]
    del log[:count]
    return taken


def _essence(bill: object) -> object:
    return moved(bill) if getattr(bill, "stand", None) == "moved" else bill  # type: ignore[arg-type]
