"""The demo's own count of decisions: every bill once, under its current decision."""

from agents.demo.counts import OutputCounts
from tests.unit.demo.deciding import DAY, decided, withheld


def test_current_decision_counts_once() -> None:
    """A higher rank replaces the bill's decision, in number and in money."""
    tally = OutputCounts()
    tally.decision(decided(outcome="clear", basis="estimated", value_cents=100_00))
    tally.decision(decided(posting=2, value_cents=120_00))
    assert tally.known == 1
    assert tally.decisions == 2
    assert (tally.bills["clear"], tally.bills["release"]) == (0, 1)
    assert tally.cents.total() == 120_00


def test_lower_rank_changes_nothing() -> None:
    """A decision of a lower rank that comes late is read and counted as read, no more."""
    tally = OutputCounts()
    tally.decision(withheld(posting=2))
    tally.decision(decided("ACME0002"))
    assert tally.bills["withhold"] == 1
    assert tally.bills["release"] == 0
    assert tally.decisions == 2


def test_repeats_are_noticed() -> None:
    """A decision that is read twice is counted as a repeat and changes no total."""
    tally = OutputCounts()
    for _ in range(2):
        tally.decision(decided())
    assert tally.repeated == 1
    assert tally.bills["release"] == 1


def test_conveyances_are_apart() -> None:
    """One bill on two conveyances has two decisions."""
    tally = OutputCounts()
    tally.decision(decided())
    tally.decision(decided(conveyance="air:2"))
    assert tally.known == 2


def test_nearest_to_the_limit() -> None:
    """The fullest consignee days come first, with the number of bills withheld at present; estimates do not count."""
    tally = OutputCounts()
    tally.decision(decided("A1", consignee="na2:low", total_cents=90_00))
    tally.decision(decided("A2", consignee="na2:full", total_cents=800_00))
    tally.decision(withheld("A3", consignee="na2:full", total_cents=800_00))
    tally.decision(withheld("A4", consignee="na2:full", total_cents=800_00))
    tally.decision(
        decided("A4", consignee="na2:full", outcome="closed", reason="entry-11", posting=2, total_cents=None)
    )
    tally.decision(decided("A5", consignee="na2:hoped", basis="estimated", outcome="clear", total_cents=799_00))
    first, second = tally.nearest(5)
    assert (first.consignee, first.day, first.percent, first.held) == ("na2:full", DAY, 100, 1)
    assert (second.consignee, second.percent, second.held) == ("na2:low", 11, 0)
    assert tally.nearest(1) == [first]


def test_last_shows_each_outcome() -> None:
    """Among the last few decisions there is one that withholds, however many releases came after it."""
    tally = OutputCounts()
    tally.decision(decided("P1", outcome="pending", reason="no-day"))
    tally.decision(withheld("W1"))
    for number in range(100):
        tally.decision(decided(f"R{number}"))
    assert [data.bill for data in tally.last(2)] == ["W1", "R99"]
    assert [data.bill for data in tally.last(5)] == ["P1", "W1", "R97", "R98", "R99"]


def test_alerts_and_dead_letters() -> None:
    """Dead letters are counted by code."""
    tally = OutputCounts()
    for code in ("not-json", "too-large", "not-json"):
        tally.dead_letter(code)
    assert tally.dead_letters == {"not-json": 2, "too-large": 1}
