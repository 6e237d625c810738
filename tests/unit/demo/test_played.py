"""What the view and the summary say under a programme: its name, period, limit and currency."""

from io import StringIO

import pytest
from rich.console import Console

from agents.demo.counts import OutputCounts
from agents.demo.day_player import DayPlayer
from agents.demo.demo_state import DemoState, Rates
from agents.demo.demo_summary import WIDTH, summary
from agents.demo.figures import DAY_SECONDS
from agents.demo.latency import Latency
from agents.demo.played import THE_DAY, Played, weeks_under
from agents.demo.view import line, screen
from agents.embedded.messages import Counts
from state.rules.loading import load_rulebook
from stream.decisions import Advice, DecisionData
from tests.unit.demo.deciding import DAY, decided

BOOK = load_rulebook()


def played_of(programme: str) -> Played:
    """Return the weeks of a shipped programme."""
    return weeks_under(BOOK.known[programme], BOOK)


def demo_of(programme: str, period: str) -> DemoState:
    """Return a demo on its eleventh day, with a release of 100 and a misfit of 300."""
    publisher = DayPlayer(None, "shipments", 4, Latency())
    publisher.published.update({"bill.manifested": 2})
    publisher.second = 10 * DAY_SECONDS + 3600
    tally = OutputCounts()
    played = played_of(programme)
    facts = {
        "programme": programme, "period": period, "total_cents": 150_00, "limit_cents": 200_00,
        "currency": played.programme.currency if played.programme else None,
    }  # fmt: skip
    tally.decision(decided("ACME00000017", **facts))
    misfit = {"outcome": "withhold", "reason": "period-limit", "value_cents": 300_00, "counts": False}
    advice = Advice(None, DAY, dutiable_cents=250_00)
    tally.decision(decided("ACME00000018", **facts, **misfit, advice=advice))
    demo = DemoState(publisher, tally, Latency(), 4, played)
    demo.counts["manifest"] = Counts(2)
    demo.counts["projection"] = Counts(2)
    demo.phase = played.phase
    return demo


def drawn(demo: DemoState, width: int, height: int) -> list[str]:
    """Return the lines of the screen."""
    console = Console(file=StringIO(), width=width, height=height, color_system=None)
    console.print(screen(demo, Rates(1.0, 2.0), height), height=height)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40)])
def test_screen_names_programme_period_and_currency(width: int, height: int) -> None:
    """On a small and a large terminal the screen says what is played, and no amount looks like dollars of us-321."""
    lines = drawn(demo_of("uz", "2026-01-01/2026-01-31"), width, height)
    text = "\n".join(lines)
    assert len(lines) == height
    assert max(map(len, lines)) <= width
    for said in (
        "uz in USD", "Thu 01 Jan 2026 01:00 Tashkent", "Nearest to 200.00 USD a month", "decision, USD", "150.00",
        "Last decisions, uz 2026-01-01/2026-01-31, USD", "withhold: period-limit", "Aug 25",
        "withheld: over limit", "100.00", "300.00", "duty 250.00, 20 Aug", "held",
    ):  # fmt: skip
        assert said in text
    assert "$" not in text


@pytest.mark.parametrize("programme", BOOK.known)
def test_every_programme_fits_the_lines(programme: str) -> None:
    """The longest id does not make a line of the summary too long."""
    demo = demo_of(programme, "2026-01-01")
    assert max(map(len, summary(demo, 12.0, "tallygate"))) <= WIDTH + 1


def test_line_and_summary_name_programme_period_and_currency() -> None:
    """The plain line and the summary say the programme, its period, limit and currency, and fit their width."""
    demo = demo_of("ge", "conveyance")
    text = line(demo, Rates(1.0, 2.0))
    assert "Tbilisi  ge  2 events" in text
    assert "1 bills released (100.00 GEL), 1 withheld (300.00 GEL)" in text
    lines = list(summary(demo, 12.0, "tallygate"))
    whole = "\n".join(lines)
    assert "Programme ge, 300.00 GEL a trip per person; amounts in GEL" in whole
    assert "Period now: each conveyance" in whole
    assert "withheld: over 300.00 GEL" in whole
    assert "tallygate judge weeks.jsonl --programmes us-321,ge" in whole
    assert "tallygate demo --programme ge --save weeks.jsonl" in whole
    assert "$" not in whole
    assert max(map(len, lines)) <= WIDTH + 1


@pytest.mark.parametrize(
    ("programme", "words"),
    [("ec", "2025"), ("uz", "Aug 25"), ("us-gift", "20 Aug"), ("pe", "20 Aug")],
)
def test_periods_are_short(programme: str, words: str) -> None:
    """A column names a year, a month, or a date; of the day of August the day alone, as before."""
    tally = OutputCounts()
    tally.decision(decided())
    (count,) = tally.nearest(1)
    assert played_of(programme).short_period(count) == words
    assert THE_DAY.short_period(count) == "20"


def test_ledgers_are_apart() -> None:
    """Two days of one month are one total; trips, sellers and programmes each have their own."""
    tally = OutputCounts()
    month = {"programme": "uz", "period": "2025-08-01/2025-08-31"}
    trip = {"programme": "pe", "period": "conveyance"}
    decisions: list[dict[str, object]] = [
        {**month}, {**month, "day": DAY.replace(day=21)},
        {**trip}, {**trip, "conveyance": "air:2"},
        {**trip, "seller": "se2:a"},
    ]  # fmt: skip
    for number, facts in enumerate(decisions):
        data = decided(f"ACME{number:04d}", **facts)
        assert isinstance(data.data, DecisionData)
        tally.decision(data)
    assert len(tally.nearest(9)) == 4


def test_the_day_of_august_is_said_as_before() -> None:
    """The clock, the limit and the amounts of the day do not change."""
    assert THE_DAY.clock(3600) == "Wed 20 Aug 2025 01:00 ET"
    assert (THE_DAY.period(0), THE_DAY.title, THE_DAY.limit_words) == ("", "A day", "$800 a day")
    assert (THE_DAY.money(799_99), THE_DAY.figure(1_234_567_89), THE_DAY.currency_words) == (
        "$799.99", "$1,234,568", "",
    )  # fmt: skip
