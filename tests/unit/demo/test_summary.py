"""The summary's sums: they hold when everything is accounted for, and say so when not."""

import pytest

from agents.demo.counts import OutputCounts
from agents.demo.day_player import DayPlayer
from agents.demo.demo_state import DemoState
from agents.demo.demo_summary import WIDTH, claims, summary
from agents.demo.latency import Latency
from agents.embedded.messages import Counts
from tests.unit.demo.deciding import decided, withheld


@pytest.fixture
def demo() -> DemoState:
    publisher = DayPlayer(None, "shipments", 4, Latency())
    publisher.published.update({"bill.manifested": 2, "bill.amended": 1, "repeat": 1, "too-large": 1})
    tally = OutputCounts()
    tally.decision(decided("ACME0001"))
    tally.decision(decided("ACME0001", posting=2))
    tally.decision(withheld("ACME0002"))
    tally.dead_letter("too-large")
    demo = DemoState(publisher, tally, Latency(), 5)
    demo.counts["manifest"] = Counts(3, 1, 1, 2)
    demo.counts["projection"] = Counts(3)
    return demo


def test_sums_come_out(demo: DemoState) -> None:
    """Events by fate, bad records and bills add up, and no decision came twice."""
    assert [claim.holds for claim in claims(demo)] == [True] * 5
    text = "\n".join(summary(demo, 12.0, "tallygate"))
    assert "5 events published = 3 applied + 1 stale + 1 dead letters" in text
    assert "2 bills manifested = 2 bills with a decision" in text
    assert "WRONG" not in text


def test_what_is_missing_is_said(demo: DemoState) -> None:
    """A lost event, dead letter or bill, a repeated decision and one that is not in Redis each show as wrong."""
    demo.publisher.published["bill.manifested"] += 1
    demo.publisher.published["not-json"] += 1
    demo.tally.decision(decided("ACME0001"))
    assert [claim.holds for claim in claims(demo)] == [False] * 5
    assert sum("WRONG" in line for line in summary(demo, 12.0, "tallygate")) == 5


def test_nothing_published_is_a_sound_summary() -> None:
    """A day that was stopped before it began adds up too."""
    demo = DemoState(DayPlayer(None, "shipments", 4, Latency()), OutputCounts(), Latency(), 5)
    assert all(claim.holds for claim in claims(demo))
    assert "0% of the day" in "\n".join(summary(demo, 1.0, "tallygate"))


def test_lines_fit_and_name_the_command(demo: DemoState) -> None:
    """Lines fit a terminal of 80 columns, however many faults there are, and what to try next can be typed as it is."""
    for number in range(20):
        demo.tally.dead_letter(f"fault-number-{number}")
    lines = list(summary(demo, 12.0, ".venv/bin/tallygate"))
    assert max(map(len, lines)) <= WIDTH + 1
    assert any(".venv/bin/tallygate judge day.jsonl" in line for line in lines)
