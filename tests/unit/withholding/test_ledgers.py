"""The book, which changes only what a posting disturbs, agrees with the plain walk of all bills of a day."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from state.rules.loading import rulebook_of, shipped_texts
from state.rules.rule_files import RuleText
from state.table import Group
from state.withholding.bill import Bill
from state.withholding.book import Book
from state.withholding.copies import Copies
from state.withholding.keys import bill_suffix
from state.withholding.plain_ledgers import PlainLedgers
from state.withholding.rows import pack_row
from state.withholding.statuses import CLEAR, EXITS, KEEPS_COUNTING, RELEASED, UNJUDGED, WARNED, WITHHELD
from stream.decisions import Overflow, Policy, Rounding
from stream.money import whole_dollars
from tests.unit.withholding.judged_step import clock_on, deciding_under

TODAY = 739_000
LIMIT = 1_000
TEN_DOLLARS = """
[[limit]]
id = "limit-800"
programme = "us-321"
measure = "value"
amount = "10.00"
from = 2016-03-10
source = "made up by this test"
certainty = "C"
text = "A limit near which few bills come together."
"""
RULEBOOK = rulebook_of(shipped_texts(), [RuleText("ten.toml", TEN_DOLLARS)])
Operation = tuple[str, int, int]
operations = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from("arrived expected arrived expected arrive amend take exit undo rebuild".split()),
            st.integers(0, 99),
            st.sampled_from((0, 10, 49, 50, 100, 250, 251, 400, 400, 500, 600, LIMIT)),
        ),
        min_size=1,
        max_size=3,
    ),
    min_size=8,
    max_size=20,
)


@dataclass
class Both:
    """One consignee's day in both forms; bills carry their status, as rows do."""

    overflow: Overflow
    rounding: Rounding
    copies: Copies = field(default_factory=lambda: Copies(Group(b"na2:one", {}), clock_on(TODAY)))
    made: int = 0

    def __post_init__(self) -> None:
        self.deciding = deciding_under(Policy(self.overflow, self.rounding), RULEBOOK)
        self.limits = self.deciding.us_321.limits(TODAY)
        self.book = Book(self.deciding)

    def counted(self, bill: Bill) -> int:
        """Return the value as the rounding counts it."""
        value = bill.value or 0
        return value if self.rounding == "cents" else whole_dollars(value)

    def bills(self, *statuses: int) -> list[Bill]:
        """Return the bills of these statuses, or all."""
        return [bill for bill in self.copies.all() if bill is not None and (not statuses or bill.status in statuses)]

    def new(self, place: int, value: int, *, arrived: bool) -> None:
        """Put in a new bill, somewhere in the manifest."""
        self.made += 1
        bill = some_bill(f"BILL{self.made:05d}", place, value, arrived=arrived)
        self.copies.put(bill.bill.encode(), bill)
        self.book.put(bill, self.counted(bill))

    def change(self, what: str, place: int, value: int) -> None:
        """Do one thing that a posting does."""
        if what in {"arrived", "expected"}:
            self.new(place, value, arrived=what == "arrived")
            return
        if what == "rebuild":
            self.rebuild()
            return
        bills = self.bills(RELEASED) if what == "exit" else self.bills(RELEASED, CLEAR, WARNED, WITHHELD)
        if what == "undo":
            bills = self.bills(*KEEPS_COUNTING)
        if not bills:
            return
        bill = bills[place % len(bills)]
        self.book.take_out(bill)
        match what:
            case "take" | "undo":
                self.copies.remove(bill.bill.encode(), bill.conveyance)
            case "exit":
                bill.status = EXITS["exported"]
                self.book.count_closed(bill)
            case "arrive":
                bill.arrived, bill.status = True, RELEASED if bill.status == RELEASED else UNJUDGED
                self.book.put(bill, self.counted(bill))
            case _:
                stands = bill.status == RELEASED and value <= (bill.value or 0)
                bill.value, bill.status = value, RELEASED if stands else UNJUDGED
                self.book.put(bill, self.counted(bill))

    def rebuild(self) -> None:
        """Build the book again from rows, as after a restart; a day that is not at rest has no rows yet."""
        if self.bills(UNJUDGED):
            return
        group = Group(b"na2:one", {})
        for bill in self.bills():
            group.put(bill_suffix(bill.bill.encode()), pack_row(bill))
        self.book = Book(self.deciding)
        for _ in self.book.build(group, clock_on(TODAY)):
            pass

    def check_at_rest(self) -> None:
        """Bring both to rest; what the book does not mention must stand as it was."""
        plain = PlainLedgers(self.deciding, self.copies)
        expected = answers(plain.settle(TODAY, self.limits))
        found = answers(self.book.settle(TODAY, self.limits))
        for bill in self.bills():
            if bill.status in KEEPS_COUNTING:
                continue
            fits = expected.get(bill.key, True)
            stood = None if bill.status == UNJUDGED else bill.status in {RELEASED, CLEAR}
            assert found.get(bill.key, stood) is fits
            bill.status = (RELEASED if fits else WITHHELD) if bill.arrived else (CLEAR if fits else WARNED)
        assert found.keys() <= {bill.key for bill in self.bills()}
        assert self.book.totals(TODAY) == plain.totals(TODAY)
        assert self.book.totals(TODAY) == PlainLedgers(self.deciding, self.copies).totals(TODAY)

    def check_would_release(self, place: int, value: int) -> None:
        """Ask both whether one more bill would be released."""
        probe = some_bill("PROBE", place, value, arrived=True)
        plain = PlainLedgers(self.deciding, self.copies)
        counted = self.counted(probe)
        for ordinal in (TODAY, TODAY + 1):
            answer = self.book.would_release(ordinal, probe, counted, plain.limits(ordinal))
            assert answer is plain.would_release(ordinal, probe, counted, plain.limits(ordinal))


def answers(found: Iterable[tuple[Bill | bytes, bool] | None]) -> dict[bytes, bool]:
    """Return which bills fit, by manifest key, whichever way they are named."""
    return {one[0] if isinstance(one[0], bytes) else one[0].key: one[1] for one in found if one is not None}


def some_bill(number: str, place: int, value: int, *, arrived: bool) -> Bill:
    """Return an unjudged bill at a place in the manifest."""
    empty: tuple[()] = ()
    return Bill(
        number,
        "air:1",
        TODAY,
        arrived,
        UNJUDGED,
        1,
        1,
        1,
        place,
        0,
        value,
        "air",
        "manifest",
        None,
        empty,
        empty,
        empty,
        TODAY,
    )


@pytest.mark.parametrize("rounding", ["cents", "whole-dollars"])
@pytest.mark.parametrize("overflow", ["skip", "latch", "all_or_none"])
@settings(max_examples=150)
@example(postings=[[("expected", 0, 600)], [("expected", 1, 600), ("expected", 2, 100)], [("take", 1, 0)]], block_max=3)
@example(postings=[[("arrived", 0, 600)], [("arrived", 1, 401)], [("amend", 0, 599)]], block_max=3)
@given(postings=operations, block_max=st.sampled_from((1, 3, 512)))
def test_the_book_agrees_with_the_plain_walk(
    overflow: Overflow, rounding: Rounding, postings: list[list[Operation]], block_max: int
) -> None:
    """After every posting both say the same of each bill, of the totals and of a bill that might come."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("state.withholding.walk.BLOCK_MAX", block_max)
        both = Both(overflow, rounding)
        for posting in postings:
            for operation in posting:
                both.change(*operation)
            both.check_at_rest()
            both.check_would_release(*posting[0][1:])


@pytest.mark.parametrize("overflow", ["skip", "latch", "all_or_none"])
def test_a_day_at_rest_reports_nothing(overflow: Overflow) -> None:
    """Settling again without a change finds no bill at all, so no decision is written twice."""
    both = Both(overflow, "cents")
    for place in range(20):
        both.new(place, 90, arrived=place % 2 == 0)
    both.check_at_rest()
    assert {bill.status for bill in both.bills()} > {RELEASED if overflow != "all_or_none" else WARNED}
    assert answers(both.book.settle(TODAY, both.limits)) == {}


def test_ledgers_that_close_leave_the_book() -> None:
    """A closed day takes its bills, its total and its weight with it."""
    both = Both("skip", "cents")
    both.new(0, 300, arrived=False)
    both.check_at_rest()
    before = both.book.weight
    assert both.book.close(clock_on(TODAY + 16))
    assert (before, both.book.weight, both.book.totals(TODAY)) == (2, 0, (0, 0))


def test_the_weight_of_a_book_is_what_it_holds() -> None:
    """A busy consignee's book does not grow heavier while bills come and go: it would push all others out."""
    both = Both("skip", "cents")
    for _ in range(50):
        both.new(0, 10, arrived=False)
        both.check_at_rest()
        both.change("take", 0, 0)
    both.check_at_rest()
    assert both.book.weight == 1
