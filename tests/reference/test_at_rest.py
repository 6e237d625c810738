"""What must hold at rest: it holds of what the model decides, and each check fails where it is made to be broken."""

from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import pytest

from stream.decisions import DecisionData, Policy
from tests.reference.at_rest import check_at_rest
from tests.reference.day import Reference
from tests.reference.shipped import EVERY
from tests.reference.test_day import BOOK, OneConsignee

CONSIGNEE = "na2:x"
IN_SEPTEMBER = date(2025, 9, 10)


class Reading:
    """One consignee with bills of one programme, and a reader of the decisions on them."""

    def __init__(self, programme: str, *dollars: int, overflow: str = "skip", stand: str = "arrived") -> None:
        self.consignee = OneConsignee()
        self.reference = Reference(BOOK, msgspec.convert({"overflow": overflow}, Policy), 1, "shipments", EVERY)
        self.consignee.reference = self.reference
        self.current: dict[str, DecisionData] = {}
        day = date(2025, 8, 20) if programme == "us-321" else IN_SEPTEMBER
        for number, value in enumerate(dollars):
            self.read(f"BILL{number}", value, stand, programme=programme, day=day)

    def read(self, name: str, dollars: int, stand: str = "arrived", **more: Any) -> None:
        """Post a bill, and read what is decided."""
        self.current |= {one.bill: one for one in self.consignee.post(name, dollars, stand, **more).decisions}

    def change(self, bill: str, **fields: object) -> None:
        """Let the reader have a decision that says otherwise."""
        self.current[bill] = msgspec.structs.replace(self.current[bill], **fields)

    def set_limit(self, cents: int) -> None:
        """Let the model have another limit of its one ledger on value."""
        [totals] = self.reference.people[CONSIGNEE].ledgers.values()
        totals.limits["value"] = replace(totals.limits["value"], amount=cents)

    def check(self) -> set[str]:
        """Check, and return what was checked."""
        return check_at_rest(self.reference, CONSIGNEE, self.current.values())


@pytest.mark.parametrize(
    ("programme", "dollars", "overflow", "found"),
    [
        ("us-321", (500, 400, 200), "skip", {"us-321 skip"}),
        ("us-321", (500, 400, 200), "latch", {"us-321 latch"}),
        ("us-321", (500, 300), "all_or_none", {"us-321 all_or_none"}),
        ("us-321", (500, 400), "all_or_none", set()),
        ("az", (200, 200, 50), "skip", {"az excess"}),
        ("us-gift", (60, 40), "skip", {"us-gift all_or_none"}),
        ("ec", (400, 400, 400, 400, 1), "skip", {"ec skip"}),
    ],
)
def test_holds_of_what_the_model_decides(
    programme: str, dollars: tuple[int, ...], overflow: str, found: set[str]
) -> None:
    """Sums add up, limits hold and nothing waits for headroom, whatever the overflow policy."""
    assert Reading(programme, *dollars, overflow=overflow).check() == found


def test_an_exported_bill_goes_on_counting() -> None:
    """A bill that has left by an exit that uses the exemption is in the sum, also where the others do not fit."""
    reading = Reading("us-gift", 60, 40)
    reading.read("BILL0", 60, "closed", programme="us-gift", day=IN_SEPTEMBER, exit="exported")
    assert reading.check() == {"us-gift all_or_none"}
    reading.read("BILL2", 90, programme="us-gift", day=IN_SEPTEMBER)
    assert [one.bill for one in reading.current.values() if one.counts] == ["BILL0"]
    assert reading.check() == {"us-gift all_or_none"}


@pytest.mark.parametrize("change", [{"counted_cents": 49_999}, {"counts": False}, {"period": "2025-08-21"}])
def test_a_sum_that_differs_is_found(change: dict[str, object]) -> None:
    """A decision that counts with another value, not at all or elsewhere does not add up."""
    reading = Reading("us-321", 500, 200)
    reading.change("BILL0", **change)
    with pytest.raises(AssertionError, match="does not add up"):
        reading.check()


def test_a_ledger_over_its_limit_is_found() -> None:
    """Released bills that are together a cent over the limit are found, though they add up to the total."""
    reading = Reading("us-321", 500, 200)
    reading.set_limit(69_999)
    with pytest.raises(AssertionError, match="is over its limit"):
        reading.check()


def test_a_release_beside_a_misfit_is_found() -> None:
    """Where bills fit only together, one that counts in a ledger over its limit is found."""
    reading = Reading("us-gift", 60, 60)
    reading.change("BILL0", counts=True)
    with pytest.raises(AssertionError, match="which is over its limit"):
        reading.check()


@pytest.mark.parametrize(
    ("programme", "dollars", "limit"),
    [("us-321", (500, 400), 90_000), ("az", (200, 200), 30_001), ("us-gift", (60, 60), 12_000)],
)
def test_headroom_that_was_not_given_is_found(programme: str, dollars: tuple[int, ...], limit: int) -> None:
    """A bill that does not fit, though nothing stands in its way any more, is found."""
    reading = Reading(programme, *dollars)
    reading.check()
    reading.set_limit(limit)
    with pytest.raises(AssertionError, match=r"has headroom for it|does not add up"):
        reading.check()
