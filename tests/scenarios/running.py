"""Run the worked examples three ways, and read what came out by the event that led to it."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from agents.judge import JudgeOptions
from state.manifest.step import ManifestStep
from state.rules import load_rulebook
from state.step import Step
from state.table import Table
from state.withholding import WithholdingStep
from stream.consignee import JUDGE_SECRET, KeyMaker
from stream.decisions import DecisionData, Policy
from stream.money import format_cents
from stream.records import Fate, Outgoing, PlainRecord, Sink
from tests.scenarios.events import bill_number, events_of
from tests.scenarios.table import Example, Expected

JUDGE = [sys.executable, "-c", "from agents.cli.main import main; main()", "judge"]
"""The command, whether or not its script is on the path."""

TOPIC = "tallygate.shipments.v1"


class Outcome(NamedTuple):
    """What one event led to."""

    decisions: list[Expected]
    alerts: list[str]
    dead_letter: str


class _Alert(msgspec.Struct):
    alert: str
    cause: dict[str, Any]


class _AlertEvent(msgspec.Struct):
    data: _Alert


class _DecisionEvent(msgspec.Struct):
    data: DecisionData


def in_time_order(examples: Iterable[Example]) -> list[Example]:
    """Sort examples so that they can share one stream: a later one must not close the days of an earlier one."""
    return sorted(examples, key=lambda example: next(events_of(example)).time)


def expected(examples: Sequence[Example]) -> dict[int, Outcome]:
    """What the table says, by the event's place in the stream of these examples."""
    rows = [(example.label, row) for example in examples for row in example.rows]
    return {
        number: Outcome(
            [said._replace(bill=bill_number(label, said.bill)) for said in row.decisions], row.alerts, row.dead_letter
        )
        for number, (label, row) in enumerate(rows)
    }


def outcomes(
    count: int, decisions: Iterable[bytes], alerts: Iterable[bytes], dead_letters: Iterable[tuple[int, str]]
) -> dict[int, Outcome]:
    """What came out, by the event that led to it: of decisions and alerts their cause says so."""
    found = defaultdict(lambda: Outcome([], [], ""), {number: Outcome([], [], "") for number in range(count)})
    for value in decisions:
        data = msgspec.json.decode(value, type=_DecisionEvent).data
        found[data.cause.offset].decisions.append(_seen(data))
    for value in alerts:
        alert = msgspec.json.decode(value, type=_AlertEvent).data
        found[alert.cause["offset"]].alerts.append(alert.alert)
    for offset, error in dead_letters:
        found[offset] = found[offset]._replace(dead_letter=error)
    return dict(found)


def _seen(data: DecisionData) -> Expected:
    reason = " ".join([data.reason, *data.filing_errors])
    total = "-" if data.total_cents is None else format_cents(data.total_cents)
    return Expected(data.bill, data.outcome, reason, total, data.code.code if data.code else "")


def options_of(pairs: Iterable[tuple[str, str]]) -> JudgeOptions:
    """The judge's options from those of an example."""
    return JudgeOptions(policy=msgspec.convert(dict(pairs), Policy))


class Kept:
    """A step whose table is restored from its changelog before every record: nothing may live beside the rows."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._changelog: dict[bytes, bytes | None] = {}

    def __call__(self, record: PlainRecord) -> tuple[Fate, list[Outgoing]]:
        """Return the record's fate and what the step sent."""
        table = Table()
        for _ in table.restore(self._changelog):
            pass
        overlay = table.overlay()
        result = self._step(record, overlay)
        sent = [outgoing for outgoing in result.outputs if outgoing is not None]
        self._changelog.update(overlay.changes())
        return result.fate, sent


def through_steps(examples: Sequence[Example]) -> tuple[dict[int, Outcome], list[Fate]]:
    """Run both steps bare, one after the other."""
    policy = options_of(examples[0].options).policy
    rulebook = load_rulebook()
    manifest = Kept(ManifestStep(rulebook, KeyMaker(JUDGE_SECRET)))
    withholding = Kept(WithholdingStep(rulebook, policy, 1, TOPIC))
    judged: list[Outgoing] = []
    fates = []
    for number, event in enumerate(event for example in examples for event in events_of(example)):
        fate, sent = manifest(PlainRecord(TOPIC, 0, number, -1, event.key, event.value))
        fates.append(fate)
        for outgoing in sent:
            if outgoing.sink is Sink.POSTINGS:
                judged += withholding(PlainRecord("postings", 0, 0, -1, outgoing.key, outgoing.value))[1]
            else:
                judged.append(outgoing)
    dead = [dict(sent.headers) for sent in judged if sent.sink is Sink.DEAD_LETTERS]
    letters = [(int(headers["x-offset"]), headers["x-error"].decode()) for headers in dead]
    decisions, alerts = (_values(judged, sink) for sink in (Sink.DECISIONS, Sink.ALERTS))
    return outcomes(len(fates), decisions, alerts, letters), fates


def _values(sent: Iterable[Outgoing], sink: Sink) -> list[bytes]:
    return [outgoing.value or b"" for outgoing in sent if outgoing.sink is sink]


def through_command(examples: Sequence[Example], folder: Path) -> tuple[dict[int, Outcome], str]:
    """Run `tallygate judge` on a file of the events; gives what it said on standard error, too."""
    events = [event.value for example in examples for event in events_of(example)]
    source, dead_letters, alerts = (folder / name for name in ("events.jsonl", "dead.jsonl", "alerts.jsonl"))
    source.write_bytes(b"\n".join(events) + b"\n")
    options = [f"--{name}={value}" for name, value in examples[0].options]
    files = [f"--dead-letters={dead_letters}", f"--alerts={alerts}"]
    done = judge_command([str(source), *options, *files])
    assert done.returncode == 0, done.stderr
    letters = [msgspec.json.decode(line) for line in dead_letters.read_bytes().splitlines()]
    found = outcomes(
        len(events),
        done.stdout.splitlines(),
        alerts.read_bytes().splitlines(),
        ((letter["line"] - 1, letter["error"]) for letter in letters),
    )
    return found, done.stderr.decode()


def judge_command(arguments: Sequence[str], given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """Run `tallygate judge` as a process of its own."""
    return subprocess.run([*JUDGE, *arguments], input=given, capture_output=True, check=False)
