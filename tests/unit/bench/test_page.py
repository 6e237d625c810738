"""The page of figures says what was taken, and nothing else."""

from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench.page import COMMAND, keep, kept, table_of
from tests.bench.report import Figure

SPEED = Figure("speed", "bills/s", (3.0, 1.0, 2000.0), "a day | a night", 4)
COST = Figure("cost", "µs", (30.0,), "a day", floor=12.0)


def test_figures_are_kept_until_they_are_taken_again(tmp_path: Path) -> None:
    """A new run replaces the figures of its names and leaves the others."""
    file = tmp_path / "figures.json"
    file.write_text("{}")
    keep([SPEED, COST], file)
    keep([SPEED._replace(samples=(7.0,))], file)
    assert [each.figure for each in kept(file).values()] == [SPEED._replace(samples=(7.0,)), COST]


def test_the_table_has_floor_ratio_and_goal(tmp_path: Path) -> None:
    """Each line has the median, its spread, the floor, the ratio to it, and whether the goal is met."""
    file = tmp_path / "figures.json"
    file.write_text("{}")
    keep([SPEED, COST], file)
    _, _, speed, cost = table_of(kept(file)).splitlines()
    assert speed.startswith("| speed | 3 bills/s | 1 to 2,000 |  |  | ≥ 4, missed | a day \\| a night; ")
    assert cost.startswith("| cost | 30 µs |  | 12 | 2.5x |  | a day; ")


def test_a_page_without_figures_names_the_command() -> None:
    """A figure that was not taken is not shown."""
    assert table_of({}).endswith(f"`{COMMAND}` does.")


def test_figures_taken_beside_others_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was measured while others used the machine is printed, and stays out of the page."""
    pages: list[tuple[list[Figure], int]] = []
    noise = iter([True, False])
    made = {
        "speed": bench.Bench(lambda _ask, _runs: iter([SPEED]), needs_kafka=False),
        "cost": bench.Bench(lambda _ask, _runs: iter([COST]), needs_kafka=False),
    }
    monkeypatch.setattr(bench, "BENCHES", made)
    monkeypatch.setattr(bench, "say_noise", lambda: next(noise))
    monkeypatch.setattr(bench, "_write_page", lambda figures, noisy: pages.append((figures, noisy)))
    monkeypatch.setattr("sys.argv", ["bench", "--page"])
    bench.main()
    assert pages == [([COST], 1)]
