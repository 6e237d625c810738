"""`judge` and `what-if` read an export through the same column map as `publish`."""

import io
from pathlib import Path

import msgspec
import pytest

from agents.bills.comparing import compare
from agents.judge import JudgeOptions, judge_file
from agents.judge.judge_files import Outputs
from stream.decisions import Policy
from tests.unit.files.mapping import EXPORTS, SAMPLES, preset, spoilt

DAY = "estimated_arrivals=2025-08-20"


@pytest.mark.parametrize("name", SAMPLES)
def test_export_is_judged_as_its_events_are(name: str) -> None:
    """Decisions on an export and on the events that `publish` makes of it say the same of the same bills."""
    decided = []
    for file, column_map in ((EXPORTS / SAMPLES[name], preset(name)), (EXPORTS / f"{name}.jsonl", None)):
        decisions = io.BytesIO()
        summary = judge_file(str(file), JudgeOptions(), Outputs(decisions), column_map)
        assert not summary.faults
        lines = [msgspec.json.decode(line)["data"] for line in decisions.getvalue().splitlines()]
        decided.append([{**line, "cause": None} for line in lines])
    assert decided[0] == decided[1] != []


def test_mistake_of_an_export_is_a_dead_letter_with_both_columns(tmp_path: Path) -> None:
    """A cell that the map cannot convert is written with its row, our column and theirs."""
    letters = io.BytesIO()
    path = spoilt(tmp_path, "shopify", ("24.95", "$24.95"))
    judge_file(str(path), JudgeOptions(), Outputs(io.BytesIO(), letters), preset("shopify"))
    (letter,) = map(msgspec.json.decode, letters.getvalue().splitlines())
    assert (letter["error"], letter["line"]) == ("not-converted", 2)
    assert letter["detail"].startswith('value (from "Lineitem price" and "Lineitem quantity"): expected an amount')


def test_two_policies_are_compared_on_an_export() -> None:
    """`what-if` judges the bills of an export under both policies."""
    options = JudgeOptions(), JudgeOptions(Policy(overflow="latch"))
    found = compare(str(EXPORTS / "shopify.csv"), *options, preset("shopify", DAY))
    assert (found.events, found.bad_events, sum(found.before.counts.values())) == (2, 0, 2)
