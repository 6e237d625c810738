"""A withholding step and the plain model side by side: both judge every posting record, and they must agree."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache

import msgspec

from state.rules.programmes import Programme
from state.rules.rulebook import Rulebook
from state.table import Overlay, Table, split_changelog_key
from state.withholding import WithholdingStep
from state.withholding.keys import BILL_KIND, COPY_KIND, number_of_copy
from state.withholding.rows import shared_copies
from state.withholding.step import INDEX_ROWS_MIN
from state.withholding.tally import Kind, kinds_under
from stream.decisions import DecisionData, Policy
from stream.postings import Posting
from stream.records import Fate, Outgoing, PlainRecord
from tests.compaction import compacted
from tests.property.withholding.lives import PARTITION_OF
from tests.reference.at_rest import check_at_rest
from tests.reference.day import Judged, Reference
from tests.reference.messages import BOOK, check_outputs
from tests.reference.plain import World
from tests.reference.shipped import SHIPPED

EPOCH = 3
SHIPMENTS = "tallygate.shipments.v1"


def policies() -> list[Policy]:
    """Return every policy that judges differently; the plainest first."""
    return [
        Policy(overflow, rounding, enforcement, as_of)
        for as_of in (None, date(2025, 8, 20), date(2016, 1, 1), date(2025, 8, 1))
        for enforcement in ("auto", "warn", "withhold")
        for rounding in ("cents", "whole-dollars")
        for overflow in ("skip", "latch", "all_or_none")
    ]


@cache
def possible_kinds(programmes: tuple[Programme, ...]) -> frozenset[Kind]:
    """Return every kind that a decision under these programmes can be of."""
    return frozenset(kinds_under(programmes))


@dataclass
class Partition:
    """A partition of the step's table, as a runner keeps it."""

    table: Table = field(default_factory=Table)
    overlay: Overlay | None = None
    changelog: list[tuple[bytes, bytes | None]] = field(default_factory=list)
    running: list[tuple[PlainRecord, list[Outgoing]]] = field(default_factory=list)
    """Records of the open transaction, with what the step sent for them."""
    read: int = 0


class Trial:
    """Judges with both, compares, and keeps the current decision of every bill as a reader would."""

    def __init__(
        self, policy: Policy, index_rows_min: int = INDEX_ROWS_MIN, world: World = SHIPPED, book: Rulebook = BOOK
    ) -> None:
        self.step = WithholdingStep(book, policy, EPOCH, SHIPMENTS, index_rows_min=index_rows_min)
        self.reference = Reference(book, policy, EPOCH, SHIPMENTS, world)
        self.partitions = {number: Partition() for number in set(PARTITION_OF.values())}
        self.current: dict[tuple[str, str], DecisionData] = {}
        self.rested: set[str] = set()
        """Programmes, each with its overflow policy, of ledgers in which something counted at rest."""

    def post(self, postings: Sequence[Posting]) -> list[Judged]:
        """Judge what one event led to, and compare record by record; gives what the model says."""
        all_judged = []
        for posting in postings:
            number = PARTITION_OF[posting.consignee]
            expected = self.reference.judge(posting, number)
            check_outputs(self.judge(posting), expected, posting, number)
            all_judged.append(expected)
            for decision in expected.decisions:
                held = self.current.get((decision.bill, decision.conveyance))
                if held is None or held.rank < decision.rank:
                    self.current[decision.bill, decision.conveyance] = decision
        return all_judged

    def shared_numbers(self) -> Counter[tuple[bytes, bytes]]:
        """Count the copies of each bill number that conveyances share."""
        found: Counter[tuple[bytes, bytes]] = Counter()
        for partition in self.partitions.values():
            found += check_counts_of_copies(partition.table)
        return found

    def judge(self, posting: Posting) -> list[Outgoing]:
        """Let the step alone judge a posting, within the open transaction of its partition."""
        number = PARTITION_OF[posting.consignee]
        partition = self.partitions[number]
        record = PlainRecord(
            "postings", number, partition.read, -1, posting.consignee.encode(), msgspec.json.encode(posting)
        )
        partition.read += 1
        outputs = self._run(partition, record)
        partition.running.append((record, outputs))
        return outputs

    def _run(self, partition: Partition, record: PlainRecord) -> list[Outgoing]:
        if partition.overlay is None:
            partition.overlay = partition.table.overlay()
        result = self.step(record, partition.overlay)
        outputs = [outgoing for outgoing in result.outputs if outgoing is not None]
        assert result.fate is Fate.APPLIED
        return outputs

    def commit(self, number: int, sweep_budget: int = 0) -> int:
        """Sweep, and join the open transaction; gives how many rows were swept."""
        partition = self.partitions[number]
        overlay = partition.overlay or partition.table.overlay()
        gone = self.step.sweep(overlay, sweep_budget) if sweep_budget else 0
        decided, _alerts = self.step.tally.drain()
        # Monitoring shows each kind as 0 from the start, so none may come that is not foreseen.
        assert {kind for kind, _made, _cents in decided} <= possible_kinds(self.step.tally.programmes)
        partition.changelog += overlay.changes()
        overlay.join()
        partition.overlay = None
        partition.running.clear()
        return gone

    def drop(self, number: int) -> None:
        """Lose the open transaction and run its records again: they must say the same."""
        partition = self.partitions[number]
        partition.overlay = None
        for record, outputs in partition.running:
            assert self._run(partition, record) == outputs

    def rebuild(self, number: int) -> None:
        """Lose the table as well, and rebuild it from its compacted changelog."""
        partition = self.partitions[number]
        partition.table = Table()
        for _ in partition.table.restore(dict(compacted(partition.changelog))):
            pass
        self.drop(number)

    def lose_books(self, number: int) -> None:
        """Lose what is kept beside the rows, as when other consignees need the room."""
        partition = self.partitions[number]
        if partition.overlay is None:
            for root in partition.table.roots():
                partition.table.take_cache(root)

    def check_at_rest(self) -> None:
        """Check what must hold between events, of all consignees."""
        for partition in self.partitions.values():
            check_counts_of_copies(partition.table)
        of: defaultdict[str, list[DecisionData]] = defaultdict(list)
        for decision in self.current.values():
            of[decision.consignee].append(decision)
        for consignee in self.reference.people:
            self.rested |= check_at_rest(self.reference, consignee, of[consignee])


def check_counts_of_copies(table: Table) -> Counter[tuple[bytes, bytes]]:
    """Check that the row of each shared number counts the rows of its copies; gives the counts."""
    counted: Counter[tuple[bytes, bytes]] = Counter()
    there: Counter[tuple[bytes, bytes]] = Counter()
    for key, row in table.rows():
        root, suffix = split_changelog_key(key)
        if suffix[:1] == COPY_KIND:
            there[root, number_of_copy(suffix)] += 1
        elif suffix[:1] == BILL_KIND and shared_copies(row):
            counted[root, suffix[1:]] = shared_copies(row)
    assert counted == there
    return there
