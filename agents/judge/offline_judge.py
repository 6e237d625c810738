"""The offline judge: both steps over tables in memory, for the events of one file in their order.

It does no input or output of its own: events come in as bytes, what the steps send goes to a function. The tables join
what changed every so many records, as a transaction of the engine would, and closed days are swept then, so that a
file of any length needs no more memory than the days that are open in it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from state.manifest.step import ManifestStep
from state.rules import load_rulebook
from state.step import Step
from state.table import Table
from state.withholding import WithholdingStep
from stream.consignee import JUDGE_SECRET, KeyMaker, Match
from stream.decisions import Policy
from stream.records import Fate, Outgoing, PlainRecord, Sink
from stream.topics import Topics

EPOCH: Final = 1
RECORDS_A_JOIN: Final = 1000
"""Records after which the tables take over what changed."""

OUTPUTS_A_JOIN: Final = 20_000
"""The same, counted in what the steps sent: one arrival may touch 100,000 bills."""

GROUPS_A_SWEEP: Final = 2000
"""Groups of expired rows that may be removed at each join."""


_POSTINGS: Final = Sink.POSTINGS


class JudgeOptions(NamedTuple):
    """The options of a run; the defaults are those of the command."""

    policy: Policy = Policy()
    match: Match = "normalised"
    secret: bytes = JUDGE_SECRET
    rules: Sequence[Path] | None = None
    """Rule files in TOML, added to the rules that ship."""
    programmes: Sequence[str] | None = None
    """The programmes that are enabled; None for those that are enabled unless set."""
    default_programme: str | None = None
    """The programme of a bill that names none; None for that of the rulebook."""


class Judge:
    """Judges events one by one; `emit` gets every decision, alert and dead letter as soon as it exists."""

    def __init__(self, manifest: Step, withholding: Step, emit: Callable[[Outgoing], None], topics: Topics) -> None:
        self._manifest, self._withholding = manifest, withholding
        self._manifest_table, self._withholding_table = Table(), Table()
        self._emit = emit
        self._shipments, self._postings = topics.shipments, topics.postings
        self._posting_offset = 0
        self._unjoined = 0
        self._joined_at = 0
        self._begin()

    def push(self, value: bytes, offset: int) -> tuple[Fate, str]:
        """Judge one event as it is in the file; return its fate and, for a dead letter, the error code.

        `offset` is the event's place in the file, from 0; decisions name it as their cause.
        """
        record = PlainRecord(self._shipments, 0, offset, -1, None, value)
        fate, code, outputs = self._manifest(record, self._bills)
        for outgoing in outputs:
            if outgoing is None:
                continue
            if outgoing.sink is _POSTINGS:
                self._post(outgoing)
            else:
                self._emit(outgoing)
        self._unjoined += 1
        if self._unjoined >= RECORDS_A_JOIN or self._posting_offset - self._joined_at >= OUTPUTS_A_JOIN:
            self.join()
        return fate, code

    def join(self) -> None:
        """Let the tables take over what changed, and sweep what has expired; changes no decision."""
        self._manifest.sweep(self._bills, GROUPS_A_SWEEP)
        self._withholding.sweep(self._days, GROUPS_A_SWEEP)
        self._bills.join()
        self._days.join()
        self._begin()

    def _begin(self) -> None:
        self._bills = self._manifest_table.overlay()
        self._days = self._withholding_table.overlay()
        self._unjoined = 0
        self._joined_at = self._posting_offset

    def _post(self, posting: Outgoing) -> None:
        offset = self._posting_offset
        self._posting_offset = offset + 1
        record = PlainRecord(self._postings, 0, offset, -1, posting.key, posting.value)
        emit = self._emit
        for outgoing in self._withholding(record, self._days).outputs:
            if outgoing is not None:
                emit(outgoing)


def open_judge(options: JudgeOptions, emit: Callable[[Outgoing], None]) -> Judge:
    """Build a judge; raise RulebookError or, for a secret too short, ConsigneeError."""
    topics = Topics(epoch=EPOCH)
    policy = options.policy
    rulebook = load_rulebook(options.rules)
    if options.programmes is not None or options.default_programme is not None:
        enabled = rulebook.programmes if options.programmes is None else options.programmes
        rulebook = rulebook.with_programmes([*enabled], options.default_programme or rulebook.default_programme)
    rulebook = rulebook.as_of(policy.as_of).with_enforcement(policy.enforcement)
    key_maker = KeyMaker(options.secret, options.match)
    manifest = ManifestStep(rulebook, key_maker)
    withholding = WithholdingStep(rulebook, policy, EPOCH, topics.shipments)
    return Judge(manifest, withholding, emit, topics)
