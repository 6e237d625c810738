"""The conformance cases hold for our own judge, cover the contract, and fit the schemas."""

import json
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import jsonschema
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_structured_event

from stream.deadletters import Fault
from stream.decisions import STRUCTURED, DecisionData
from stream.outcomes import VERDICTS
from tests.docs.pages import CASES, produced
from tests.docs.schemas import schemas
from tests.prerequisites import ROOT
from tests.scenarios.running import JUDGE

RUNNER = ROOT / "docs" / "conformance" / "run.py"
NAMES = sorted(folder.name for folder in CASES.iterdir())
ONLINE = {Fault.KEY_MISMATCH, Fault.WRONG_PARTITION, Fault.TIME_AHEAD}
"""Faults that need a record key, a partition or a broker's clock: no file can show them."""

FORMATS = jsonschema.FormatChecker()


@FORMATS.checks("date-time", raises=ValueError)
def is_instant(text: object) -> bool:
    """Whether a text is an instant: the library looks at this format only with more packages."""
    return not isinstance(text, str) or datetime.fromisoformat(text).tzinfo is not None


_spec = spec_from_file_location("conformance_runner", RUNNER)
assert _spec
assert _spec.loader
runner = module_from_spec(_spec)
_spec.loader.exec_module(runner)


def lines(name: str) -> Iterator[Any]:
    """All JSON lines of one kind of file, over all cases."""
    for path in sorted(CASES.glob(f"*/{name}")):
        yield from map(json.loads, path.read_text("utf-8").splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_case_holds(name: str) -> None:
    """The judge says exactly what the case expects: decisions, alerts, dead letters and counts."""
    found = runner.run(CASES / name, JUDGE)
    assert list(runner.differences(CASES / name, found, set())) == []


def test_runner_is_a_program() -> None:
    """The runner says so and exits with 0 where a case holds, with 1 where it does not."""
    right = [sys.executable, str(RUNNER), "--case", NAMES[0], "--", *JUDGE]
    done = subprocess.run(right, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 of 1 cases conform")
    wrong = [*right, "--overflow=latch"]
    done = subprocess.run(wrong, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "0 of 1 cases conform")


def test_every_outcome_and_reason_is_covered() -> None:
    """Each outcome and reason of the contract occurs, on an actual and on an estimated basis where both can."""
    seen = {(one["data"]["outcome"], one["data"]["reason"]) for _, one in produced()}
    said = {(verdict.outcome, reason) for verdict in VERDICTS for reason in verdict.reasons}
    said |= {(verdict.outcome_estimated, reason) for verdict in VERDICTS for reason in verdict.reasons}
    assert seen == said


def test_every_fault_of_a_file_is_covered() -> None:
    """Each dead-letter code that a file can show occurs."""
    assert {letter["error"] for letter in lines("expected-dead-letters.jsonl")} == set(Fault) - ONLINE


def test_every_policy_and_alert_is_covered() -> None:
    """Each overflow policy, rounding, match and enforcement occurs, and each alert."""
    options = " ".join(option for case in lines_of_cases() for option in case["options"])
    for word in ("latch", "all_or_none", "whole-dollars", "exact", "warn", "withhold", "as-of", "rules"):
        assert word in options
    kinds = {alert["data"]["alert"] for alert in lines("expected-alerts.jsonl")}
    assert kinds == {"near-limit", "duplicate-bill", "structuring", "release-superseded"}


def lines_of_cases() -> list[dict[str, Any]]:
    """What each case says about itself."""
    return [json.loads((CASES / name / "case.json").read_text("utf-8")) for name in NAMES]


def test_every_case_says_what_it_shows() -> None:
    """A case has a sentence about it and at least one event."""
    assert [name for name, case in zip(NAMES, lines_of_cases(), strict=True) if not case["about"].endswith(".")] == []
    assert [name for name in NAMES if not (CASES / name / "events.jsonl").read_bytes()] == []


def readable_events() -> Iterator[dict[str, Any]]:
    """Events of the cases that became no dead letter, or only for what they say against an earlier one."""
    for name in NAMES:
        path = CASES / name / "expected-dead-letters.jsonl"
        letters = map(json.loads, path.read_text("utf-8").splitlines()) if path.exists() else ()
        bad = {letter["line"] for letter in letters if letter["error"] != "version-conflict"}
        events = (CASES / name / "events.jsonl").read_text("utf-8").splitlines()
        yield from (json.loads(line) for number, line in enumerate(events, 1) if line and number not in bad)


def test_events_fit_their_schemas() -> None:
    """Every event that was read fits the schema of its type."""
    made = {f"tallygate.{name}": checker(schema) for name, schema in schemas().items()}
    events = list(readable_events())
    assert [event for event in events if not made[event["type"]].is_valid(event)] == []
    assert len(events) > 200


def test_wrong_events_fit_no_schema() -> None:
    """Every event that was refused for its shape does not fit the schema of its type."""
    made = {f"tallygate.{name}": checker(schema) for name, schema in schemas().items()}
    folder = CASES / "12-dead-letters"
    events = (folder / "events.jsonl").read_text("utf-8").splitlines()
    letters = map(json.loads, (folder / "expected-dead-letters.jsonl").read_text("utf-8").splitlines())
    wrong = [json.loads(events[letter["line"] - 1]) for letter in letters if letter["error"] == "wrong-shape"]
    assert [event for event in wrong if made[event["type"]].is_valid(event)] == []
    assert len(wrong) > 8


def checker(schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    """A validator that also looks at formats."""
    return jsonschema.Draft202012Validator(schema, format_checker=FORMATS)


def test_decisions_and_alerts_fit_their_schemas() -> None:
    """Every decision and alert of the cases fits its schema."""
    made = schemas()
    for name, kind in (("decision.v1", "decisions"), ("alert.v1", "alerts")):
        check = checker(made[name])
        assert [one for one in lines(f"expected-{kind}.jsonl") if not check.is_valid(one)] == []


@pytest.mark.parametrize("field", DecisionData.__struct_fields__)
def test_decision_without_a_field_does_not_fit(field: str) -> None:
    """A decision that lacks a field, or has nonsense in it, does not fit the schema."""
    check = checker(schemas()["decision.v1"])
    for wrong in (None, {"nonsense": 1}):
        decision = deepcopy(produced()[0][1])
        del decision["data"][field]
        if wrong:
            decision["data"][field] = wrong
        assert not check.is_valid(decision)


def test_reason_of_another_outcome_does_not_fit() -> None:
    """The schema knows which reasons go with which outcome."""
    decision = deepcopy(produced()[0][1])
    decision["data"]["reason"] = "no-day"
    assert not checker(schemas()["decision.v1"]).is_valid(decision)


def test_decisions_are_cloudevents() -> None:
    """The reference library reads every decision, and every id says its bill, conveyance and rank."""
    for path in sorted(CASES.glob("*/expected-decisions.jsonl")):
        for line in path.read_bytes().splitlines():
            message = KafkaMessage(dict(STRUCTURED), None, line)
            event = from_structured_event(message)
            data = json.loads(line)["data"]
            assert event.get_attributes().keys() == {"specversion", "id", "source", "type", "time"}
            assert event.get_type() == "tallygate.decision.v1"
            rank = [str(data[field]) for field in ("epoch", "bill_version", "posting", "revision")]
            assert event.get_id() == "/".join([data["bill"], data["conveyance"], *rank])


def test_fields_stand_in_the_order_of_the_contract() -> None:
    """A decision's fields come in the order that the type, and so the contract, gives them."""
    orders = {tuple(one["data"]) for _, one in produced()}
    assert orders == {DecisionData.__struct_fields__}
