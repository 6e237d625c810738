"""The pages say what the code does: order of precedence, codes, and examples that run."""

import re

import jsonschema
import pytest

from agents.judge import JudgeOptions, open_judge
from state.rules import load_rulebook
from stream.deadletters import Fault
from stream.events import EVENT_TYPES
from stream.outcomes import VERDICTS
from stream.records import Fate, Outgoing
from tests.docs.pages import CASES, examples, produced
from tests.docs.schemas import EVENT_FILES, schemas
from tests.prerequisites import ROOT

DECISIONS = (ROOT / "docs" / "decisions.md").read_text("utf-8")
EVENTS = (ROOT / "docs" / "events.md").read_text("utf-8")
REASONS = [reason for verdict in VERDICTS for reason in verdict.reasons]


def section(page: str, title: str) -> str:
    """What stands under a heading of the second level."""
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def codes(text: str) -> list[str]:
    """The first cells of a table, where they are code."""
    return re.findall(r"^\| `([\w.-]+)` \|", text, re.MULTILINE)


def test_reasons_stand_in_order_of_precedence() -> None:
    """The page has a heading for each reason, and they come as in the code."""
    headings = re.findall(r"^### (.+)$", section(DECISIONS, "The reasons in order of precedence"), re.MULTILINE)
    assert headings == REASONS


@pytest.mark.parametrize("reason", REASONS)
def test_reason_says_what_to_do(reason: str) -> None:
    """Each reason has plain words, advice, and a sample that was produced."""
    text = DECISIONS.partition(f"\n### {reason}\n")[2].partition("\n### ")[0]
    assert text.index("*What to do:*") > 80
    assert f'"reason": "{reason}"' in text


def test_every_outcome_is_explained() -> None:
    """The table of outcomes names all of them."""
    said = {row.outcome for row in VERDICTS} | {row.outcome_estimated for row in VERDICTS}
    assert set(re.findall(r"^\| `(\w+)`", section(DECISIONS, "The outcomes"), re.MULTILINE)) == said


def test_filing_errors_are_explained() -> None:
    """The page lists the filing errors that the rulebook knows."""
    text = DECISIONS.partition("\n### filing-error\n")[2].partition("\n### ")[0]
    known = {entry.error for entry in load_rulebook().data.filing}
    assert set(codes(text)) == known


def test_dead_letter_codes_stand_in_order() -> None:
    """The page has a remedy for each code, in the order in which they are looked for."""
    assert codes(section(EVENTS, "What becomes of a wrong event")) == list(Fault)


def test_every_event_type_is_shown() -> None:
    """Each type has a heading and an example, and each example fits the schema of its type."""
    types = [str(kind.__struct_config__.tag) for kind in EVENT_TYPES]
    assert sorted(re.findall(r"^### `(.+)`$", EVENTS, re.MULTILINE)) == sorted(types)
    shown = examples(EVENTS)
    assert {event["type"] for event in shown} == set(types)
    made = schemas()
    for event in shown:
        jsonschema.validate(event, made[str(event["type"]).removeprefix("tallygate.")])
    assert len(EVENT_FILES) == len(types)


def test_examples_run() -> None:
    """The events of the page, given to the judge in their order, all apply."""
    judge = open_judge(JudgeOptions(), list[Outgoing]().append)
    fates = [judge.push(str.encode(text), number)[0] for number, text in enumerate(_texts())]
    assert fates == [Fate.APPLIED] * 6


def _texts() -> list[str]:
    return re.findall(r"^```json\n(.*?)^```$", EVENTS, re.DOTALL | re.MULTILINE)


def test_samples_are_taken_from_cases() -> None:
    """Every reason occurs in the conformance cases, which is where the samples come from."""
    assert {one["data"]["reason"] for _, one in produced()} == set(REASONS)
    assert CASES.is_dir()
