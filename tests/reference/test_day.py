"""The model itself, held against examples worked out by hand: an oracle must be right before it may judge."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from state.rules.loading import load_rulebook
from stream.decisions import DecisionData, Policy
from stream.postings import PostedBill, Posting
from tests.reference.day import Judged, Reference

DAY = date(2025, 8, 20)
BOOK = load_rulebook()


class OneConsignee:
    """One consignee; every call is one posting record, an hour after the one before."""

    def __init__(self, begin: datetime = datetime(2025, 8, 19, tzinfo=UTC), **policy: Any) -> None:
        self.reference = Reference(BOOK, Policy(**policy), 1, "shipments")
        self.begin = begin
        self.hour = 0

    def post(self, name: str, dollars: float, stand: str = "arrived", conveyance: str = "c", **more: Any) -> Judged:
        """Post one bill."""
        self.hour += 1
        time = self.begin + timedelta(hours=self.hour)
        facts: dict[str, Any] = {
            "bill": name,
            "version": self.hour,
            "posting": self.hour,
            "stand": stand,
            "manifested_at": time,
            "sequence": 0,
            "mode": "air",
            "filing": "manifest",
            "day": DAY,
            "arrived": stand != "expected",
            "value_cents": round(dollars * 100),
        }
        bill = PostedBill(**{**facts, **more})
        posting = Posting(
            time=time, consignee="na2:x", conveyance=conveyance, partition=0, offset=self.hour, bills=(bill,)
        )
        return self.reference.judge(posting, 0)


def outcomes(judged: Judged) -> list[tuple[str, str]]:
    """Name each bill with its outcome."""
    return [(decision.bill, decision.outcome) for decision in judged.decisions]


def letters(consignee: OneConsignee, *values: float) -> str:
    """Post bills of these dollars one after another; give each outcome as the table of examples writes it."""
    judged = [consignee.post(f"BILL{number}", value) for number, value in enumerate(values)]
    return " ".join({"release": "R", "withhold": "W", "reject": "X"}[one.decisions[0].outcome] for one in judged)


@pytest.mark.parametrize(
    ("policy", "values", "expected"),
    [
        ({}, (200, 200, 200, 200), "R R R R"),
        ({}, (500, 300), "R R"),
        ({}, (800, 1), "R W"),
        ({}, (500, 400, 200), "R W R"),
        ({"overflow": "latch"}, (500, 400, 200), "R W W"),
        ({"overflow": "all_or_none"}, (500, 400, 200), "R W W"),
        ({}, (500, 301, 300), "R W R"),
        ({"overflow": "latch"}, (500, 301, 300), "R W W"),
        ({}, (400.40, 400.40), "R W"),
        ({"rounding": "whole-dollars"}, (400.40, 400.40), "R R"),
        ({}, (900, 100), "X R"),
    ],
)
def test_worked_examples(policy: dict[str, Any], values: tuple[float, ...], expected: str) -> None:
    """Examples 1 to 6, 9 and 10 come out as the table of examples says."""
    assert letters(OneConsignee(**policy), *values) == expected


def test_all_or_none_takes_back() -> None:
    """Under all-or-none the bill that breaks the limit takes the releases of the day back, with an alert."""
    consignee = OneConsignee(overflow="all_or_none")
    consignee.post("BILL1", 500)
    judged = consignee.post("BILL2", 400)
    assert outcomes(judged) == [("BILL2", "withhold"), ("BILL1", "withhold")]
    assert judged.decisions[0].total_cents == 90_000
    assert [alert.alert for alert in judged.alerts] == ["near-limit", "release-superseded"]


def test_freed_headroom_goes_to_the_withheld() -> None:
    """A deletion frees headroom, and the first bill in manifest order that fits is released (example 21)."""
    consignee = OneConsignee()
    consignee.post("BILL1", 500)
    consignee.post("BILL2", 400)
    consignee.post("BILL3", 450)
    judged = consignee.post("BILL1", 500, "closed", exit="deleted", manifested_at=datetime(2025, 8, 19, 1, tzinfo=UTC))
    assert outcomes(judged) == [("BILL1", "closed"), ("BILL2", "release")]
    assert (judged.decisions[1].revision, judged.decisions[1].total_cents) == (2, 40_000)


def test_an_exported_bill_has_used_the_exemption() -> None:
    """An exported release goes on counting until it is deleted."""
    consignee = OneConsignee()
    consignee.post("BILL1", 500)
    consignee.post("BILL2", 400)
    exported = consignee.post("BILL1", 500, "closed", exit="exported").decisions
    assert [(one.bill, one.counts) for one in exported] == [("BILL1", True)]
    deleted = consignee.post("BILL1", 500, "closed", exit="deleted").decisions
    assert [(one.bill, one.counts) for one in deleted] == [("BILL1", False), ("BILL2", True)]


def test_a_copy_counts_once() -> None:
    """The copy whose release stands keeps it; when it goes, the other is judged."""
    consignee = OneConsignee()
    consignee.post("BILL1", 500, conveyance="b")
    second = consignee.post("BILL1", 500, conveyance="a")
    assert [(one.conveyance, one.reason) for one in second.decisions] == [("a", "superseded")]
    assert [alert.alert for alert in second.alerts] == ["duplicate-bill"]
    left = consignee.post("BILL1", 500, "closed", conveyance="b", exit="deleted")
    assert [(one.conveyance, one.outcome) for one in left.decisions] == [("b", "closed"), ("a", "release")]


def test_next_day_sees_what_is_released_there() -> None:
    """The next day is the first on which the bill would be released as things stand."""
    consignee = OneConsignee()
    consignee.post("BILL1", 700, day=date(2025, 8, 21))
    consignee.post("BILL2", 700)
    [decision] = consignee.post("BILL3", 200).decisions
    assert decision.advice
    assert (decision.outcome, decision.advice.next_day, decision.advice.entry_type) == (
        "withhold",
        date(2025, 8, 22),
        "11",
    )


def test_a_day_closes() -> None:
    """Fifteen days after its end a day takes no bill any more, and remembers none."""
    consignee = OneConsignee()
    consignee.post("BILL1", 500)
    consignee.reference.time[0] = datetime(2025, 9, 5, 3, 59, tzinfo=UTC)
    open_still: DecisionData = consignee.post("BILL2", 100).decisions[0]
    assert (open_still.outcome, open_still.total_cents) == ("release", 60_000)
    consignee.reference.time[0] = datetime(2025, 9, 5, 4, tzinfo=UTC)
    assert consignee.post("BILL3", 1).decisions[0].reason == "day-closed"
    assert consignee.post("BILL1", 500, "closed", exit="exported").decisions[0].counts is False


def test_a_parcel_by_mail_is_held_against_the_cap_and_not_against_the_total() -> None:
    """Row 8 comes before row 9: mail over the cap is refused, without an entry to use; below it nothing is added up."""
    consignee = OneConsignee()
    consignee.post("BILL1", 800)
    below, over = (
        consignee.post("BILL2", 800, mode="mail").decisions,
        consignee.post("BILL3", 800.01, mode="mail").decisions,
    )
    assert [(one.outcome, one.reason, one.total_cents) for one in below + over] == [
        ("release", "not-aggregated", 80_000),
        ("reject", "single-value-over-limit", 80_000),
    ]
    assert over[0].advice
    assert (over[0].advice.entry_type, over[0].rule) == (None, "single-800")


def test_a_split_order_is_not_advised_to_come_tomorrow() -> None:
    """Two bills of one order, together over the limit, get a caution and no day; a deletion takes it away again."""
    consignee = OneConsignee()
    consignee.post("BILL1", 700)
    consignee.post("BILL2", 500, order="order-1", day=date(2025, 8, 21))
    [split] = consignee.post("BILL3", 400, order="order-1").decisions
    assert split.advice
    assert (split.advice.caution, split.advice.next_day) == ("one-order", None)
    consignee.post("BILL2", 500, "closed", exit="deleted", order="order-1")
    [alone] = consignee.post("BILL3", 400, order="order-1").decisions
    assert alone.advice
    assert (alone.advice.caution, alone.advice.next_day) == (None, date(2025, 8, 21))


@pytest.mark.parametrize(
    ("day", "facts", "reason"),
    [
        (date(2025, 2, 3), {"origins": ("CN",)}, "within-limit"),
        (date(2025, 2, 4), {"origins": ("CN",)}, "origin-excluded"),
        (date(2025, 2, 6), {"origins": ("HK",)}, "origin-excluded"),
        (date(2025, 2, 7), {"origins": ("HK",)}, "within-limit"),
        (date(2025, 7, 8), {"flags": ("fda",)}, "within-limit"),
        (date(2025, 7, 9), {"flags": ("fda",)}, "goods-excluded"),
        (date(2025, 7, 9), {"flags": ("fda",), "filing": "type86"}, "within-limit"),
    ],
)
def test_dated_rules_of_origins_and_goods(day: date, facts: dict[str, Any], reason: str) -> None:
    """Both sides of each day on which an origin or a kind of goods stops or starts to be exempt."""
    consignee = OneConsignee(datetime(day.year, day.month, day.day, tzinfo=UTC))
    assert consignee.post("BILL1", 10, day=day, **facts).decisions[0].reason == reason
