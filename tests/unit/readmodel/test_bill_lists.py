"""The bills of a conveyance and of a day: each once, where its answer is, in pages that changes do not upset."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from agents.readmodel.bill_lists import BillSelection, PageStart
from agents.readmodel.queries import ReadModel
from agents.readmodel.store import StoreSettings
from agents.readmodel.writing import Writer
from stream.decisions import Decision
from stream.instants import from_micros
from tests.redis.events import DAY, decision
from tests.redis.server import RedisServer
from tests.unit.readmodel.filling import FRESH_MS, fill, run_of

pytestmark = pytest.mark.redis

TRIP = BillSelection(conveyance="air:1")
ON_DAY = BillSelection(day=DAY)


def withheld(bill: str, **more: Any) -> Decision:
    """Return a decision that holds a bill."""
    return decision(bill, outcome="withhold", reason="daily-limit", counts=False, **more)


async def paged(model: ReadModel, place: BillSelection, count: int, outcomes: Collection[str] = ()) -> list[list[str]]:
    """Return the bills of all pages."""
    pages, after = [], PageStart()
    while True:
        found = await model.bills(place, outcomes, after, count)
        pages.append([each.data.bill for each in found.answers])
        if found.next is None:
            return pages
        after = PageStart.of(found.next, place)


async def test_bill_is_listed_where_its_answer_is(store: StoreSettings) -> None:
    """Of copies on two conveyances and days the open one counts; when it closes the bill is listed with the other."""
    tomorrow = DAY + timedelta(days=1)
    superseded = decision("ACME0001", "air:1", outcome="closed", reason="superseded", counts=False)
    elsewhere = withheld("ACME0001", conveyance="air:2", day=tomorrow)
    gone = decision("ACME0001", "air:2", rank=(1, 2, 2, 1), outcome="closed", reason="deleted", day=tomorrow)
    back = decision("ACME0001", "air:1", rank=(1, 3, 2, 1))
    places = [TRIP, BillSelection(conveyance="air:2"), ON_DAY, BillSelection(day=tomorrow)]
    async with Writer(store) as writer, ReadModel(store) as model:
        await fill(writer, [superseded, elsewhere])
        before = [(await model.bills(place)).answers for place in places]
        await writer.apply([run_of([msgspec.json.encode(each) for each in (gone, back)], 2)])
        after = [(await model.bills(place)).answers for place in places]
        trips = [await model.conveyances_on(day) for day in (DAY, tomorrow)]
    assert before == [(), (elsewhere,), (), (elsewhere,)]
    assert after == [(back,), (), (back,), ()]
    assert trips == [["air:1"], []]


async def test_pages_have_each_bill_once(store: StoreSettings) -> None:
    """Pages of any size, of a conveyance and of a day, hold every bill once, those of all outcomes merged."""
    bills = [decision(f"ACME{number:04}") if number % 3 else withheld(f"ACME{number:04}") for number in range(60)]
    bills.append(decision("OTHER001", "air:2", day=DAY + timedelta(days=1)))
    names = [each.data.bill for each in bills[:60]]
    async with Writer(store) as writer, ReadModel(store) as model:
        await fill(writer, bills)
        for count in (1, 7, 60, 1_000):
            pages = await paged(model, TRIP, count)
            assert [bill for page in pages for bill in page] == names
            assert [len(page) for page in pages[:-1]] == [count] * (len(pages) - 1)
            assert sorted(bill for page in await paged(model, ON_DAY, count) for bill in page) == names
        held = [bill for page in await paged(model, ON_DAY, 5, ["withhold"]) for bill in page]
        assert sorted(held) == names[::3]
        assert await paged(model, BillSelection(conveyance="air:9"), 5) == [[]]


async def test_changes_between_pages_lose_no_bill_and_repeat_none(store: StoreSettings) -> None:
    """While pages are read bills join, leave and change their outcome: those that stay are seen exactly once."""
    stay = [f"ACME{number:04}" for number in range(0, 40, 2)]
    first = [decision(bill, outcome="clear", basis="estimated") for bill in stay]
    go = [decision(f"ACME{number:04}") for number in range(1, 40, 4)]
    for place in (TRIP, ON_DAY):
        own = msgspec.structs.replace(store, prefix=f"{store.prefix}{place.parts}")
        async with Writer(own) as writer, ReadModel(own) as model:
            await fill(writer, [*first, *go])
            seen: list[str] = []
            after: str | None = "0.AAAA"
            at, turn = len(first) + len(go), 0
            while after is not None:
                page = await model.bills(place, (), PageStart.of(after, place), 3)
                seen += [each.data.bill for each in page.answers]
                after, turn = page.next, turn + 1
                changed = [decision(bill, rank=(1, 1, turn + 1, 1)) for bill in stay[turn % 5 :: 5]]
                changed += [decision(f"ACME{number:04}") for number in range(3, 40, 4)][turn::7]
                away = [
                    decision(each.data.bill, rank=(1, 1, 9, 1), day=None, outcome="pending") for each in go[turn::6]
                ]
                values = [msgspec.json.encode(each) for each in (*changed, *away)]
                await writer.apply([run_of(values, at)])
                at += len(values)
            assert turn > 5
            assert [seen.count(bill) for bill in stay] == [1] * len(stay)
            assert len(seen) == len({*seen})


async def test_row_that_has_expired_is_not_listed(redis_server: RedisServer, store: StoreSettings) -> None:
    """A row may end before a list that others keep: it is left out, and a bill that comes back is in its new list."""
    async with Writer(store) as writer, ReadModel(store) as model:
        await fill(writer, [decision("ACME0001"), decision("ACME0002"), decision("ACME0003")])
        with redis_server.client() as client:
            client.delete(f"{{{store.prefix}}}:v2:bill:ACME0001", f"{{{store.prefix}}}:v2:bill:ACME0002")
        await writer.apply([run_of([msgspec.json.encode(withheld("ACME0001", rank=(1, 1, 2, 1)))], 3)])
        assert await paged(model, TRIP, 2) == [["ACME0001"], ["ACME0003"]]
        assert await paged(model, TRIP, 5, ["release"]) == [["ACME0003"]]


async def test_counts_tell_a_warning_before_arrival_from_one_after(store: StoreSettings) -> None:
    """A conveyance's bills are counted by outcome, all days together, and a warning by its basis too."""
    bills = [
        decision("ACME0001"),
        decision("ACME0002", outcome="warn", reason="daily-limit"),
        decision("ACME0003", outcome="warn", reason="daily-limit", basis="estimated"),
        decision("ACME0004", outcome="pending", reason="no-day", basis=None, day=None),
        decision("ACME0005", outcome="release", day=DAY + timedelta(days=1)),
        withheld("ACME0006", conveyance="air:2"),
    ]
    async with Writer(store) as writer, ReadModel(store) as model:
        await fill(writer, bills)
        assert await model.conveyances_on(DAY) == ["air:1", "air:2"]
        found = await model.counts(["air:2", "air:1", "air:3"])
        assert (await model.bills(TRIP)).freshness == found.freshness
    assert found.counts == {
        "air:1": {("release", None): 2, ("warn", "actual"): 1, ("warn", "estimated"): 1, ("pending", None): 1},
        "air:2": {("withhold", None): 1},
        "air:3": {},
    }
    assert found.freshness.as_of == from_micros(FRESH_MS * 1_000)


@pytest.mark.parametrize("text", ["", "ACME0001", "32.ACME0001", "1.acme0001", "1.ACME0001 ", "-1.ACME0001", "1."])
def test_place_of_no_page_is_refused(text: str) -> None:
    """What no page has given is told from a place."""
    with pytest.raises(ValueError, match="not the `next`"):
        PageStart.of(text, BillSelection(day=date(2025, 8, 20)))


def test_place_of_a_day_is_none_of_a_conveyance() -> None:
    """A conveyance's lists have one part; the place of a page of a day does not fit."""
    assert PageStart.of("0.ACME0001", TRIP) == (0, "ACME0001")
    with pytest.raises(ValueError, match="of this list"):
        PageStart.of("1.ACME0001", TRIP)
