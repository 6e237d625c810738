"""Judge, memory and large days, measured small: exactness, and ratios that do not depend on the machine."""

import os
from collections import Counter
from pathlib import Path
from statistics import median

import msgspec
import pytest

from agents.demo.choosing import NEED_A_BROKER
from agents.judge import JudgeOptions, judge_file, open_outputs
from stream.consignee import KeyMaker
from tests.bench import days, judge, memory
from tests.bench.floor import floors
from tests.bench.mix import SECRET, day_rows, posting_rows, shop_rows
from tests.bench.paths import PATHS, paths_of
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


def test_the_judged_day_stays_open(tmp_path: Path) -> None:
    """No event of the file closes its days: nothing is dated so late that a bill is refused for its day."""
    with judge.day_file(500) as (file, _):
        judge.run(file, tmp_path / "decisions")
    lines = (tmp_path / "decisions").read_bytes().splitlines()
    judged = Counter(msgspec.json.decode(line)["data"][field] for line in lines for field in ("reason", "outcome"))
    assert judged["day-closed"] == 0
    assert judged["release"] > 250


def test_consignees_are_as_many_as_on_a_real_day() -> None:
    """8.4 million bills are on 8 million consignee days: a consignee has 1.05 bills."""
    filed = [msgspec.json.decode(value) for _, _, value in day_rows(5_000, 1, frozenset({"bill.manifested"}))]
    keys = KeyMaker(SECRET)
    consignees = set()
    for event in filed:
        known = event["data"]["consignee"]
        if (address := known.get("address")) is None:
            consignees.add(keys.of_identifier(known["identifier_type"], known["identifier"]))
        else:
            place = (address["city"], address.get("state"), address["postal"], address["country"])
            consignees.add(keys.of_name(known["name"], address["lines"], *place))
    assert len(filed) == 5_000
    assert 1.03 < len(filed) / len(consignees) < 1.08


def test_every_posting_takes_one_path() -> None:
    """Each path has its share: a day of lone bills goes the fast one, shops need their index."""
    found = paths_of(posting_rows(day_rows(300, 1), 1))
    assert set(found) == set(PATHS)
    assert found["fast"] > found["plain"] > 0
    shops = list(posting_rows(shop_rows(1, 1), 1))
    of_shops = paths_of(shops)
    assert sum(of_shops.values()) == len(shops)
    assert of_shops["indexed"] + of_shops["heads"] + of_shops["plain"] > 0


def test_the_floor_is_below_what_the_steps_take() -> None:
    """The calls alone take time, and less than the whole command does."""
    found = floors(day_rows(300, 1, without=NEED_A_BROKER))
    assert 0 < found.restore < found.withholding < found.manifest
    assert found.withholding < found.judge
    processor, speed = judge.measure(300, 1)
    assert processor.floor is not None
    assert processor.value > processor.floor
    assert speed.unit == "events/s"


def test_figures_of_the_judge_are_produced() -> None:
    """Each figure has a sample for each run."""
    figures = list(judge.measure(60, 2))
    assert [len(figure.samples) for figure in figures] == [2, 2]
    assert all(figure.value > 0 for figure in figures)


def test_a_profile_of_the_judge_names_the_steps() -> None:
    """The profile shows functions of the steps with their times."""
    assert "tottime" in (profile := judge.profile(2_000))
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
