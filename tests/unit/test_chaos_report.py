"""The report of a long fault run says what was proved, whatever was killed, and what is left to do."""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.driver import SECONDS, WEIGHTS, drawn
from tests.chaos.report import Plan, Report

PLAN = Plan(seed=7, rounds=3, events=1_000, faults=2)


def result(number: int, *faults: str) -> dict[str, Any]:
    """What a round tells at its end."""
    return {
        "what": "result", "round": number, "events": PLAN.events, "seconds": 2.0, "faults": list(faults),
        "accounted": {"applied": 990, "stale": 10}, "tally": {"kill -9": 2},
    }  # fmt: skip


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Return a report whose first round is exact."""
    made = Report.begin(tmp_path / "new" / "report.jsonl", PLAN)
    made.write("round", round=1, driver=1)
    made.write(**result(1))
    return made


def test_a_report_is_read_as_it_was_written(report: Report) -> None:
    """A later run finds the plan and the rounds done, and adds to the same file."""
    again = Report.read(report.path)
    assert (again.plan, again.left(), again.exact) == (PLAN, [2, 3], False)
    again.write(**result(2))
    again.write(**result(3))
    last = Report.read(report.path)
    assert (last.left(), last.exact) == ([], True)
    assert last.proved()[-2:] == ["     6  kill -9", "EXACT: 3,000 events in 3 of 3 rounds in 6 s"]


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_line_cut_off_is_passed_over(report: Report, cut: int) -> None:
    """Who is killed while it writes loses that line and no other, and what is written next is whole."""
    report.write(**result(2))
    report.path.write_bytes(report.path.read_bytes()[:-cut])
    again = Report.read(report.path)
    whole = cut == 1  # nothing but the end of the line
    assert again.left() == ([3] if whole else [2, 3])
    again.write(**result(3))
    assert Report.read(report.path).left() == ([] if whole else [2])


def test_a_round_without_an_end_is_said(report: Report) -> None:
    """The round that was played when all was killed proves nothing, and neither does one whose driver died."""
    report.write("round", round=2, driver=1)
    report.write("ended", round=2, fed=500, how="its driver ended with -11")
    report.write("round", round=2, driver=2)
    said = "\n".join(report.proved())
    assert "round 2 ended without a result: its driver ended with -11; 500 events were published" in said
    assert "round 2 was begun and has no end" in said
    assert said.endswith("NOT ENDED: exact are 1,000 events in 1 of 3 rounds; 2 s")


def test_a_fault_is_never_exact(report: Report) -> None:
    """One round with a fault makes the whole run inexact, however many are exact, and the fault is shown."""
    report.write(**result(2, "decisions of 0: 1 lost"))
    report.write(**result(3))
    assert (report.left(), report.exact) == ([], False)
    assert "FAULT  round 2: decisions of 0: 1 lost" in report.proved()
    assert report.proved()[-1].startswith("NOT EXACT: exact are 2,000 events in 2 of 3 rounds")


def test_a_report_is_not_overwritten(report: Report, tmp_path: Path) -> None:
    """An earlier run's file is left alone, and a file that is no report is refused."""
    with pytest.raises(FileExistsError):
        Report.begin(report.path, PLAN)
    other = tmp_path / "other"
    other.write_text("{}\nno report\n")
    with pytest.raises(ValueError, match="no report of a fault run"):
        Report.read(other)


def test_every_kind_of_fault_comes() -> None:
    """Faults enough for all kinds hold each of them, and each lasts as long as its kind may."""
    for seed in range(20):
        faults = list(drawn(random.Random(seed), len(WEIGHTS), 6.0))
        assert sorted(fault.kind for fault in faults) == sorted(WEIGHTS)
        for fault in faults:
            least, most = SECONDS.get(fault.kind, (0, 0))
            assert least <= fault.seconds <= most
