"""The auditor: reads what a broker holds in the end, and recomputes all of it with the plain models."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

import msgspec

from stream.alerts import Alert, AlertData
from stream.decisions import Decision, DecisionData, Policy
from stream.notices import Notice
from stream.postings import PostedBill, Posting
from stream.records import Fate, Outgoing, PlainRecord, Sink
from tests.reference.at_rest import check_at_rest
from tests.reference.day import Judged, Reference
from tests.reference.manifest import ManifestReference, Read, moved
from tests.reference.messages import check_outputs
from tests.simulation.broker import INPUT, Broker
from tests.simulation.workload import Planned, RulesOfLife, partition_of, who_is

_posting = msgspec.json.Decoder(Posting)
_decision = msgspec.json.Decoder(Decision)
_notice = msgspec.json.Decoder(Notice)
_raised = msgspec.json.Decoder(Alert)

SETTLED = timedelta(days=40)
"""In shorter lives nothing of an order is forgotten."""

Key = tuple[str, str]
"""A bill and its conveyance."""


class Auditor:
    """Compares a broker at rest with the plan; every difference is an AssertionError."""

    def __init__(
        self, broker: Broker, delivered: dict[int, list[Planned]], rules: RulesOfLife, policy: Policy, epoch: int
    ) -> None:
        self.broker = broker
        self.delivered = delivered
        self.rules = rules
        self.policy = policy
        self.epoch = epoch
        self.names: dict[str, str] = {}
        """Consignee key -> person, seller key -> seller."""
        self.seen: set[str] = set()
        """Outcomes with their reasons, alerts, fates and error codes that were met: what the workload reaches."""

    def audit(self) -> None:
        """Check everything that was read, sent and counted."""
        self._check_offsets()
        expected: dict[tuple[int, int], list[Posting]] = {}
        model = ManifestReference(who_is, self.rules.world)
        for partition, records in self.delivered.items():
            reads = [self._read(model, planned, partition, place) for place, planned in enumerate(records)]
            self._check_fates(partition, reads)
            self._check_dead_letters(partition, reads)
            expected |= {(partition, place): read.postings for place, read in enumerate(reads) if read.postings}
        self._check_postings(expected)
        judged = [self._check_decisions(partition) for partition in range(self.broker.partitions)]
        if not model.forgotten:
            self._check_readers(judged)

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
        notices = [_notice.decode(one.value or b"").data for one in self.broker.logs["dead-letter-notices", partition]]
        told = [(one.code, one.record.offset) for one in notices]
        assert told == [(found["x-error"].decode(), int(found["x-offset"])) for _, _, found in expected], (
            "notices differ"
        )

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

    def _check_event(self, found: list[Posting], expected: list[Posting]) -> None:
        """Compare the postings of one event; which key is whose is learned, and must stay so."""
        assert len(found) == len(expected), "an event posted twice or not at all"
        told = {_essence(posting): posting for posting in expected}
        for posting in found:
            essence = _essence(posting)
            assert essence in told, f"wrong posting {posting}"
            named = told.pop(essence)
            self._learn(posting.consignee, named.consignee)
            for bill, other in zip(posting.bills, named.bills, strict=True):
                if bill.stand != "moved":
                    self._learn(bill.seller, other.seller)

    def _learn(self, key: str | None, name: str | None) -> None:
        """Learn whose a key is; sellers and persons have names of their own."""
        if key is None or name is None:
            assert key == name, "a seller made up or lost"
            return
        assert self.names.setdefault(key, name) == name, "two under one key"
        assert len(set(self.names.values())) == len(self.names), "one under two keys"

    def _check_decisions(self, partition: int) -> Reference:
        """Judge the postings log once more, and hold decisions and alerts against it in order; return the judge."""
        reference = Reference(self.rules.book, self.policy, self.epoch, "shipments", self.rules.world)
        postings = self.broker.logs["postings", partition]
        decisions = list(self.broker.logs["decisions", partition])
        raised, is_long = self.broker.logs["alerts", partition], self._is_long()
        alerts = [one for one in raised if _is_settled(_raised.decode(one.value or b"").data, is_long=is_long)]
        fates = self.broker.fates["withholding", partition]
        assert [fate for fate, _ in fates] == [Fate.APPLIED] * len(postings), "postings not accounted for"
        self.seen |= {code for _, code in fates if code}
        current: defaultdict[str, dict[Key, DecisionData]] = defaultdict(dict)
        for record in postings:
            posting = _posting.decode(record.value or b"")
            expected = reference.judge(posting, partition)
            expected.alerts[:] = [one for one in expected.alerts if _is_settled(one, is_long=is_long)]
            sent = [
                *_outgoing(Sink.DECISIONS, decisions, len(expected.decisions)),
                *_outgoing(Sink.ALERTS, alerts, len(expected.alerts)),
            ]
            check_outputs(sent, expected, posting, partition)
            self._meet(posting, expected, current[posting.consignee])
            self.seen |= check_at_rest(reference, posting.consignee, current[posting.consignee].values())
        assert not decisions, "decisions repeated or made up"
        assert not alerts, "alerts repeated or made up"
        return reference

    def _is_long(self) -> bool:
        """Tell whether a life is so long that the bills of an order, and that it was told, may be forgotten in it."""
        times = [planned.time for records in self.delivered.values() for planned in records]
        return max(times) - min(times) > SETTLED

    def _meet(self, posting: Posting, judged: Judged, current: dict[Key, DecisionData]) -> None:
        """Let a reader of one partition have the decisions of a record, and remember what was met."""
        own = {(bill.bill, posting.conveyance): bill.stand for bill in posting.bills}
        for key in [key for key, stand in own.items() if stand == "moved"]:
            current.pop(key, None)
        for one in judged.decisions:
            key = one.bill, one.conveyance
            if key not in own:
                self.seen.add(f"{current[key].outcome} then {one.outcome}")
            current[key] = one
            self.seen |= {f"{one.outcome} {one.reason}", f"{one.programme} {one.reason}"}
            if one.outcome == "withhold" and one.counts:
                self.seen.add("covered in part")
        self.seen |= {f"alert {one.alert}" for one in judged.alerts}

    def _check_readers(self, judged: Iterable[Reference]) -> None:
        """Let a reader have the decisions of all partitions in the order of their ranks, and add them up."""
        current: dict[Key, DecisionData] = {}
        for partition in range(self.broker.partitions):
            for record in self.broker.logs["decisions", partition]:
                one = _decision.decode(record.value or b"").data
                held = current.get((one.bill, one.conveyance))
                if held is None or held.rank <= one.rank:
                    current[one.bill, one.conveyance] = one
        for reference in judged:
            for consignee in reference.people:
                theirs = [one for one in current.values() if one.consignee == consignee]
                self.seen |= {f"{name} in the end" for name in check_at_rest(reference, consignee, theirs)}


def _outgoing(sink: Sink, log: list[PlainRecord], count: int) -> list[Outgoing]:
    """Take the next records off a log."""
    taken = [Outgoing(sink, one.partition, one.key, one.value) for one in log[:count]]
    del log[:count]
    return taken


def _essence(posting: Posting) -> Posting:
    """Return what a posting says without the keys of consignee and sellers, which the models do not know."""
    return msgspec.structs.replace(posting, consignee="", bills=tuple(map(_plain, posting.bills)))


def _plain(bill: PostedBill) -> PostedBill:
    return moved(bill) if bill.stand == "moved" else msgspec.structs.replace(bill, seller=None)


def _is_settled(alert: AlertData, *, is_long: bool) -> bool:
    """Tell whether it is settled when an alert comes: not once a conveyance is over, or an order may be forgotten."""
    if alert.alert == "structuring":
        return not is_long
    return alert.alert != "near-limit" or alert.period != "conveyance"
