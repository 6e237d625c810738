"""Ledgers of months, years and conveyances: a bill costs the same however many are in them, with a book and without."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from state.rules.rulebook import Rulebook
from state.table import Group, Table
from state.withholding import WithholdingStep, copies
from state.withholding.deciding import UnknownProgrammeError
from state.withholding.walk import Block, Walk
from stream.decisions import Policy
from stream.postings import PostedBill
from stream.records import Outgoing
from tests.reference.plain import Amount, Programme, Window, World
from tests.reference.rule_file import rulebook_for
from tests.reference.shipped import SHIPPED
from tests.unit.withholding.judged_step import CONSIGNEE, DAY, SHIPMENTS, decisions, posted, posting, record

SHAPES: tuple[tuple[str, Window, str], ...] = (
    ("x-year", "calendar-year", "skip"),
    ("x-half", "half-year", "latch"),
    ("x-month", "calendar-month", "excess"),
    ("x-sum", "calendar-year", "all_or_none"),
    ("x-trip", "conveyance", "all_or_none"),
    ("x-ride", "conveyance", "skip"),
)
PROGRAMMES = {
    name: Programme(
        name, "Asia/Kathmandu", "USD", (Amount(f"{name}-limit", amount=80_000),), overflow=overflow, window=window
    )
    for name, window, overflow in SHAPES
}


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    """Return the rules that ship, and a programme of each window longer than a day."""
    return rulebook_for(World(SHIPPED.programmes | PROGRAMMES))


class Office:
    """A judged step for any programme, whose books can be lost."""

    def __init__(self, rulebook: Rulebook, programme: str) -> None:
        self.step = WithholdingStep(rulebook, Policy(), 1, SHIPMENTS)
        self.table = Table()
        self.programme = programme

    def post(self, *bills: PostedBill, keep: bool = True) -> list[Outgoing]:
        """Judge bills of one record in a transaction; lose all books before it unless they are kept."""
        if not keep:
            for root in self.table.roots():
                self.table.take_cache(root)
        overlay = self.table.overlay()
        sent = [one for one in self.step(record(posting(*bills)), overlay).outputs if one is not None]
        for _ in overlay.changes():
            pass
        overlay.join()
        return sent

    def bill(self, number: int, cents: int | None, stand: str = "arrived", **changes: Any) -> PostedBill:
        """Return a bill of the programme."""
        return posted(number, cents, stand, programme=self.programme, **changes)

    def fill(self, bills: int, cents: int) -> None:
        """Put so many bills into the ledger."""
        for first in range(0, bills, 1000):
            self.post(*(self.bill(number, cents) for number in range(first, min(first + 1000, bills))))


def looks(patch: pytest.MonkeyPatch) -> Counter[str]:
    """Count rows read and written, bills made of rows, and steps in walks."""
    seen: Counter[str] = Counter()

    def counting(owner: Any, name: str) -> None:
        function = getattr(owner, name)

        def call(*arguments: Any, **named: Any) -> Any:
            seen["looks"] += 1
            return function(*arguments, **named)

        patch.setattr(owner, name, call)

    def items(group: Group) -> Iterator[tuple[bytes, bytes]]:
        for item in listed(group):
            seen["looks"] += 1
            yield item

    listed = Group.items
    patch.setattr(Group, "items", items)
    for owner, name in ((Group, "get"), (Group, "put"), (copies, "open_row"), (Walk, "insert"), (Walk, "remove")):
        counting(owner, name)
    counting(Block, "refresh")
    return seen


@pytest.mark.parametrize("keep", [True, False], ids=["book kept", "book lost"])
@pytest.mark.parametrize("programme", PROGRAMMES)
def test_a_bill_costs_the_same_in_a_long_ledger(
    programme: str, keep: bool, rulebook: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Append, expected, its arrival, an amendment, a misfit and an exit: looks among 10,000 bills are at most twice."""
    found = []
    for bills in (10, 10_000):
        office = Office(rulebook, programme)
        office.fill(bills, 1)
        with monkeypatch.context() as patch:
            seen = looks(patch)
            office.post(office.bill(20_000, 5), keep=keep)
            office.post(office.bill(20_001, 5, "expected"), keep=keep)
            office.post(office.bill(20_001, 5, posting=2), keep=keep)
            office.post(office.bill(20_000, 6, version=2, posting=2), keep=keep)
            office.post(office.bill(20_000, 6, "closed", version=3, posting=3), keep=keep)
            if PROGRAMMES[programme].overflow != "all_or_none":
                office.post(office.bill(30_000, 79_999), keep=keep)
                office.post(office.bill(30_001, 79_999), keep=keep)
                office.post(office.bill(30_002, 79_999, "expected"), keep=keep)
            found.append(seen["looks"])
    assert 0 < found[1] <= 2 * found[0], found


def test_what_is_above_the_limit_is_dutiable(rulebook: Rulebook) -> None:
    """Under `excess` the first misfit takes what is left; when room comes, its covered part grows by a decision."""
    office = Office(rulebook, "x-month")
    office.post(office.bill(1, 50_000))
    [second] = decisions(office.post(office.bill(2, 50_000)))
    assert (second.outcome, second.reason, second.counts, second.counted_cents) == (
        "withhold",
        "period-limit",
        True,
        30_000,
    )
    assert second.advice is not None
    assert (second.advice.dutiable_cents, second.advice.entry_type) == (20_000, None)
    assert (second.total_cents, second.period, second.policy.overflow) == (80_000, "2025-08-01/2025-08-31", "excess")
    assert second.advice.next_day == date(2025, 9, 1)
    [closed, grown] = decisions(office.post(office.bill(1, 50_000, "closed", version=2, posting=2)))
    assert (closed.outcome, closed.counts) == ("closed", False)
    assert (grown.outcome, grown.counted_cents, grown.total_cents, grown.revision) == ("release", 50_000, 50_000, 2)


def test_a_conveyance_goes_by_the_dates_of_its_bills(rulebook: Rulebook) -> None:
    """Two bills of one conveyance count together whatever their dates; another conveyance does not."""
    office = Office(rulebook, "x-trip")
    office.post(office.bill(1, 50_000))
    [other] = decisions(office.post(office.bill(2, 50_000, day=DAY + timedelta(days=3)), keep=False))[:1]
    assert (other.outcome, other.reason, other.period, other.total_cents) == (
        "withhold",
        "period-limit",
        "conveyance",
        100_000,
    )
    assert other.advice is not None
    assert other.advice.next_day is None


def test_a_programme_that_is_not_enabled_is_never_judged_as_another(rulebook: Rulebook) -> None:
    """A worker that does not know it refuses, and says what to do; a bill that was refused before it is decided on."""
    office = Office(rulebook, "kr-next-year")
    with pytest.raises(UnknownProgrammeError, match="kr-next-year, which is not enabled here: enable it"):
        office.post(office.bill(1, 100))
    refused = office.bill(1, None, "waiting", filing_errors=("unknown-programme",))
    [decision] = decisions(office.post(refused))
    assert (decision.outcome, decision.reason, decision.programme) == ("reject", "filing-error", "kr-next-year")
    assert (decision.currency, decision.period, decision.limit_cents) == (None, None, None)
    assert decision.consignee == CONSIGNEE


@pytest.mark.parametrize("programme", ["x-month", "kr-next-year"])
def test_a_bill_that_came_too_early_stays_unknown(rulebook: Rulebook, programme: str) -> None:
    """The manifest step did not know its programme: currency and policy are as before, though this step knows it."""
    office = Office(rulebook, programme)
    known, unknown = office.bill(1, 100), office.bill(2, None, "waiting", filing_errors=("unknown-programme",))
    if programme == "x-month":
        assert decisions(office.post(known))[0].policy.overflow == "excess"
    [decision] = decisions(office.post(unknown))
    assert (decision.reason, decision.programme, decision.currency) == ("filing-error", programme, None)
    assert decision.policy.overflow == "skip"
