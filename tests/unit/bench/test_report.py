"""How figures are summed up and printed."""

import pytest

from tests.bench.__main__ import main
from tests.bench.report import COLUMNS, Figure, lines, number


@pytest.mark.parametrize(
    ("samples", "at_most", "met"),
    [((1.0, 9.0, 10.0), False, False), ((10.0, 1.0, 11.0), False, True), ((10.0,), True, True), ((10.1,), True, False)],
)
def test_the_median_is_held_against_the_goal(samples: tuple[float, ...], at_most: bool, met: bool) -> None:
    """Not the best run counts, and a goal reached exactly is reached."""
    assert Figure("speed", "bills/s", samples, "", 10, at_most).met is met


def test_a_figure_says_its_median_its_spread_and_its_goal() -> None:
    """The line holds the middle run, the lowest, the highest, the goal and whether it is met."""
    cells = Figure("speed", "bills/s", (3.0, 1.0, 2000.0), "a day", 4).cells()
    assert cells == ("speed", "3", "1", "2,000", "bills/s", "", "", "≥ 4", "MISSED", "a day")


def test_a_figure_with_a_floor_says_how_far_it_is_from_it() -> None:
    """The floor stands after the unit, and beside it how many times as much the median is."""
    cells = Figure("cost", "µs", (30.0, 20.0, 40.0), "a day", floor=12.0).cells()
    assert cells[4:7] == ("µs", "12", "2.5x")


def test_columns_are_aligned() -> None:
    """Each column begins or ends at one place in all lines."""
    rows = [Figure("a", "ms", (1.5,), "one").cells(), Figure("longer", "bills/s", (12_345.0,), "two").cells()]
    head, first, second = lines(rows)
    assert first.index("one") == second.index("two") == head.index(COLUMNS[-1])
    assert head.index("median") + len("median") == first.index("1.5") + 3 == second.index("12,345") + 6


@pytest.mark.parametrize(("value", "text"), [(123_456.7, "123,457"), (99.94, "99.9"), (1.2345, "1.23"), (0.05, "0.05")])
def test_numbers_have_about_three_digits(value: float, text: str) -> None:
    """Large numbers are whole with commas, small ones have three digits."""
    assert number(value) == text


def test_a_name_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong name measures nothing and says which names there are."""
    monkeypatch.setattr("sys.argv", ["bench", "speed"])
    with pytest.raises(SystemExit):
        main()
    assert "no such measurement: speed; there are postings, restore" in capsys.readouterr().err
