"""What the live view and the plain lines say."""

from io import StringIO

import pytest
from rich.console import Console

from agents.demo.counts import OutputCounts
from agents.demo.day_player import DayPlayer
from agents.demo.demo_state import DemoState, Rates, milliseconds
from agents.demo.latency import Latency
from agents.demo.played import dollars
from agents.demo.view import line, screen, short
from agents.embedded.messages import Counts
from tests.unit.demo.deciding import decided, withheld


@pytest.fixture
def demo() -> DemoState:
    latency = Latency()
    publisher = DayPlayer(None, "shipments", 4, latency)
    publisher.published.update({"bill.manifested": 2, "repeat": 1, "not-json": 1})
    tally = OutputCounts()
    tally.decision(decided("ACME00000017"))
    tally.decision(withheld("ACME00000018", consignee="na2:abcdefghijklmnopqrstuvwxyz", total_cents=790_00))
    tally.dead_letter("not-json")
    latency.sent(0, 0, 0.0)
    latency.decided(0, 0, 0.021)
    demo = DemoState(publisher, tally, latency, 8)
    demo.counts["manifest"] = Counts(2, 1, 1, 3)
    demo.phase = "a simulated day"
    return demo


def drawn(demo: DemoState, width: int, height: int) -> list[str]:
    console = Console(file=StringIO(), width=width, height=height, color_system=None)
    console.print(screen(demo, Rates(170.0, 330.0), height), height=height)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40)])
def test_screen_fits_and_says_it_all(demo: DemoState, width: int, height: int) -> None:
    """On a small and on a large terminal the view fits and shows totals, decisions, consignees, faults and speed."""
    lines = drawn(demo, width, height)
    text = "\n".join(lines)
    assert len(lines) == height
    assert max(map(len, lines)) <= width
    for said in (
        "50%", "released", "$100.00", "withhold: daily-limit", "11 or 21 Aug", "na2:abcdefg…", "$790.00",
        "4 published, 2 applied + 1 stale + 1 dead letters", "1 not-json", "170 events/s", "330 decisions/s", "21 ms",
    ):  # fmt: skip
        assert said in text


def test_no_whole_consignee_key_is_shown(demo: DemoState) -> None:
    """Consignee keys are shortened on the screen."""
    assert "na2:abcdefghijklmnopqrstuvwxyz" not in "\n".join(drawn(demo, 200, 50))


def test_line_says_the_same(demo: DemoState) -> None:
    """The plain line holds events, decisions, money and latency; before the first event it says what is awaited."""
    text = line(demo, Rates(170.0, 330.0))
    for said in ("4 events", "2 decisions", "1 bills released ($100.00)", "1 withheld ($100.00)", "p99 21 ms"):
        assert said in text
    demo.publisher.published.clear()
    assert line(demo, Rates(0.0, 0.0)) == "a simulated day"


def test_rates_look_back_a_few_seconds(demo: DemoState) -> None:
    """Rates are those of the last seconds, not of the whole day."""
    demo.rates(0.0)
    demo.publisher.published["bill.manifested"] += 300
    assert demo.rates(3.0).events == pytest.approx(100)
    assert demo.rates(6.0).events == pytest.approx(0)


@pytest.mark.parametrize(("cents", "text"), [(0, "$0.00"), (799_99, "$799.99"), (1_234_567_89, "$1,234,568")])
def test_dollars(cents: int, text: str) -> None:
    """Amounts are written for people: cents where they matter."""
    assert dollars(cents) == text


def test_small_words() -> None:
    """A latency that is not known yet is a dash; a short key stays whole."""
    assert milliseconds(None) == "–"
    assert short("na2:abc") == "na2:abc"
