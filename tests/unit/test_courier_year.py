"""The year of a courier: the same events for a seed, and an audit that notices what it is there for."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache

import pytest

from state.manifest.step import ManifestStep
from state.rules.loading import load_rulebook
from state.step import Step
from state.table import Table
from state.withholding import WithholdingStep
from stream.consignee import KeyMaker
from stream.decisions import Policy
from stream.partition import partition_of
from stream.records import Outgoing, PlainRecord, Sink
from tests.chaos.customs import same
from tests.chaos.year import audit
from tests.chaos.year.events import CourierYear
from tests.chaos.year.parcels import Plan

PARTITIONS = 3
PLAN = Plan(seed=3, persons=150, first=date(2025, 12, 10), days=60, parcels_each=8)
SHIPMENTS = "shipments"
Logs = dict[tuple[Sink | str, int], list[PlainRecord]]


@cache
def logs() -> Logs:
    """Return what the steps make of the plan's events, partition by partition."""
    book = load_rulebook().with_programmes(sorted(audit.ENABLED), "us-321")
    keys = KeyMaker(audit.SECRET)
    manifests = [Judge(ManifestStep(book, keys, PARTITIONS)) for _ in range(PARTITIONS)]
    withholding = [
        Judge(WithholdingStep(book, Policy(), audit.EPOCH, SHIPMENTS, partitions=PARTITIONS)) for _ in range(PARTITIONS)
    ]
    found: Logs = defaultdict(list)
    for planned in CourierYear(PLAN):
        number = partition_of(planned.key, PARTITIONS)
        record = _append(found, SHIPMENTS, number, planned.key, planned.value)
        for sent in manifests[number].outputs(record):
            posting = _append(found, sent.sink, sent.partition, sent.key, sent.value, *sent.headers)
            if sent.sink is Sink.POSTINGS:
                for each in withholding[sent.partition].outputs(posting):
                    _append(found, each.sink, each.partition, each.key, each.value, *each.headers)
    return found


class Judge:
    """A step and the table of one partition."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._overlay = Table().overlay()

    def outputs(self, record: PlainRecord) -> list[Outgoing]:
        """Return what the step sends for a record."""
        return [sent for sent in self._step(record, self._overlay).outputs if sent is not None]


def _append(
    found: Logs, kind: Sink | str, number: int, key: bytes | None, value: bytes | None, *headers: tuple[str, bytes]
) -> PlainRecord:
    there = found[kind, number]
    there.append(PlainRecord(str(kind), number, len(there), -1, key, value, headers))
    return there[-1]


def _decided(records: Sequence[PlainRecord], number: int) -> audit.Digests:
    return audit.decided(records, number, PARTITIONS).decisions


def _posted(records: Sequence[PlainRecord], number: int) -> audit.Digests:
    return audit.withheld(records, number, PARTITIONS, SHIPMENTS).postings


LOOKS: dict[Sink, Callable[[Sequence[PlainRecord], int], audit.Digests]] = {
    Sink.DECISIONS: _decided,
    Sink.ALERTS: audit.alerts,
    Sink.DEAD_LETTERS: audit.letters,
    Sink.POSTINGS: _posted,
}


def test_a_plan_has_the_same_events_every_time() -> None:
    """The events follow from the plan alone, and come in the order of time."""
    once, again = list(CourierYear(PLAN)), list(CourierYear(PLAN))
    assert once == again
    assert [planned.at for planned in once] == sorted(planned.at for planned in once)
    assert len(once) > PLAN.parcels


def test_every_person_has_a_parcel() -> None:
    """The plan says how many persons there are, and all of them are met."""
    persons = {record.key for number in range(PARTITIONS) for record in logs()[Sink.POSTINGS, number]}
    assert len(persons) == PLAN.persons


def test_the_steps_do_what_the_plain_models_say() -> None:
    """Postings, dead letters, decisions and alerts of the plan are those of the models, record by record."""
    numbers = range(PARTITIONS)
    manifested = [audit.manifested(logs()[SHIPMENTS, number], number, PARTITIONS) for number in numbers]
    withheld = [audit.withheld(logs()[Sink.POSTINGS, number], number, PARTITIONS, SHIPMENTS) for number in numbers]
    decided = [audit.decided(logs()[Sink.DECISIONS, number], number, PARTITIONS) for number in numbers]
    letters = [audit.letters(logs()[Sink.DEAD_LETTERS, number], number) for number in numbers]
    alerts = [audit.alerts(logs()[Sink.ALERTS, number], number) for number in numbers]
    merged = audit.merged
    assert not same("postings", merged(a.postings for a in manifested), merged(b.postings for b in withheld))
    assert not same("letters", merged(one.letters for one in manifested), merged(letters))
    assert not same("decisions", merged(b.decisions for b in withheld), merged(c.decisions for c in decided))
    assert not same("alerts", merged(one.alerts for one in withheld), merged(alerts))
    counting: Counter[tuple[str, str, str]] = Counter()
    for one in decided:
        counting.update(one.counting)
    assert counting
    assert audit.over_limit(counting) == []


def test_the_plan_meets_what_it_is_for() -> None:
    """Limits are met under each programme, periods turn, and changes come after a period has closed."""
    met: Counter[tuple[str, str, str]] = Counter()
    periods: Counter[tuple[str, str]] = Counter()
    for number in range(PARTITIONS):
        found = audit.withheld(logs()[Sink.POSTINGS, number], number, PARTITIONS, SHIPMENTS)
        met.update(found.met)
        periods.update(found.periods)
    assert met["uz", "withhold", "period-limit"] > 10
    assert met["ec", "reject", "single-value-over-limit"] > 3
    assert met["ec", "reject", "single-weight-over-limit"] > 3
    assert met["uz", "reject", "day-closed"] > 0
    assert met["ec", "reject", "filing-error"] > 0
    assert {period for programme, period in periods if programme == "ec"} == {
        "2025-01-01/2025-12-31",
        "2026-01-01/2026-12-31",
    }
    assert len([period for programme, period in periods if programme == "uz"]) == 3


@pytest.mark.parametrize("kind", [Sink.DECISIONS, Sink.ALERTS, Sink.POSTINGS, Sink.DEAD_LETTERS])
def test_a_lost_and_a_changed_record_are_seen(kind: Sink) -> None:
    """Whatever topic a record is missing from, or says something else in, its digests differ from the right ones."""
    number = next(number for number in range(PARTITIONS) if logs()[kind, number])
    right = logs()[kind, number]
    look = LOOKS[kind]
    other = right[0]._replace(value=(right[0].value or b"").replace(b"2025", b"2024", 1), key=b"another")
    assert same("records", look(right, number), look(right, number)) == []
    assert same("records", look(right, number), look(right[1:], number))
    assert same("records", look(right, number), look([other, *right[1:]], number))
    assert same("records", look(right, number), look([right[0], *right], number))


def test_a_ledger_over_its_limit_is_seen() -> None:
    """Decisions that add up to more than the limit are a fault, whatever the models say."""
    (fault,) = audit.over_limit(Counter({("id2:34:x", "uz", "2026-01-01/2026-01-31"): 20_001}))
    assert "20001" in fault
