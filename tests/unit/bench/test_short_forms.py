"""Judge, memory and large days, measured small: exactness, and ratios that do not depend on the machine."""

import os
from pathlib import Path
from statistics import median

import pytest

from agents.judge import JudgeOptions, judge_file, open_outputs
from tests.bench import days, judge, memory
from tests.bench.processor import Shares, processor_seconds

BILLS = 2_000


def test_the_measured_judge_judges_everything(tmp_path: Path) -> None:
    """The command gives the same decisions as the judge in this process, and counts every event."""
    with judge.day_file(500) as (file, events), (tmp_path / "decisions").open("wb") as lines:
        _, _, summary = judge.run(file, tmp_path / "measured")
        with open_outputs(lines, None, None) as outputs:
            judge_file(str(file), JudgeOptions(), outputs)
    assert summary.startswith(f"events {events}: ")
    assert (tmp_path / "measured").read_bytes() == (tmp_path / "decisions").read_bytes() != b""


def test_figures_of_the_judge_are_produced() -> None:
    """Each figure has a sample for each run."""
    figures = list(judge.measure(60, 2))
    assert [len(figure.samples) for figure in figures] == [2, 2]
    assert all(figure.value > 0 for figure in figures)


def test_a_profile_of_the_judge_names_the_steps() -> None:
    """The profile shows functions of the steps with their times."""
    assert "tottime" in (profile := judge.profile(200))
    assert "step.py" in profile


def test_live_bills_are_counted_and_their_rows_are_small() -> None:
    """Bills that left are not live, and the rows of both tables take at most 300 bytes a live bill."""
    said = memory.run(BILLS)
    # At least one in a hundred is deleted, and some are disposed of.
    assert 0.9 * BILLS < said["live"] < BILLS
    assert sum(said["rows"]) > 2 * said["live"]
    assert sum(said["row_bytes"]) / said["live"] <= 300


@pytest.fixture(scope="module")
def phases() -> list[tuple[dict[str, days.Cost], dict[str, days.Cost]]]:
    """Return the costs of a large consignee day and of small ones, three times."""
    return [(days.phases(BILLS, BILLS), days.phases(BILLS, days.SMALL_DAY)) for _ in range(3)]


PHASES = ("filed, expected", "arrival of the conveyance", "filed, arrived")


@pytest.mark.parametrize("phase", PHASES)
def test_changelog_bytes_of_a_bill_do_not_grow_with_the_day(
    phases: list[tuple[dict[str, days.Cost], dict[str, days.Cost]]], phase: str
) -> None:
    """A bill on a large day writes at most twice the bytes that one on a day of ten writes, and always the same."""
    sizes = {(large[phase].changelog_bytes, small[phase].changelog_bytes) for large, small in phases}
    assert len(sizes) == 1
    large, small = sizes.pop()
    assert 0 < large <= 2 * small


@pytest.mark.parametrize("phase", PHASES)
def test_time_of_a_bill_does_not_grow_with_the_day(
    phases: list[tuple[dict[str, days.Cost], dict[str, days.Cost]]], phase: str
) -> None:
    """On a day two hundred times as large a bill takes nowhere near two hundred times as long."""
    assert median(large[phase].seconds / small[phase].seconds for large, small in phases) < 6


def test_every_bill_of_a_day_is_decided(phases: list[tuple[dict[str, days.Cost], dict[str, days.Cost]]]) -> None:
    """Each bill gets a decision at least when it is filed and when it arrives, on large days and small ones."""
    assert all(cost[phase].decisions >= BILLS for pair in phases for cost in pair for phase in PHASES)


def test_processor_time_is_that_of_the_process() -> None:
    """Work that this process does shows in what `/proc` says of it."""
    shares, before = Shares({"self": os.getpid()}), processor_seconds(os.getpid())
    while processor_seconds(os.getpid()) < before + 0.05:
        sum(range(10_000))
    assert shares.end()["self"] > 0
