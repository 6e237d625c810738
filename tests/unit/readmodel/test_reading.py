"""The readings: a bill's answer, a consignee's day, and how fresh all of it is."""

import asyncio
from datetime import date, timedelta

import msgspec
import pytest

from agents.readmodel.queries import ReadModel
from agents.readmodel.store import StoreAwayError, StoreSettings
from agents.readmodel.writing import Run, Writer
from state.rules import load_rulebook
from stream.decisions import Measure
from stream.instants import from_micros
from tests.redis.events import DAY, LIMIT, alert, decision
from tests.redis.server import RedisServer
from tests.unit.readmodel.filling import FRESH_MS, fill

pytestmark = pytest.mark.redis


async def test_bill_has_one_answer_of_several_conveyances(store: StoreSettings) -> None:
    """All current decisions are given, and the one that counts among them; outranked ones are gone."""
    gone = decision(conveyance="air:1", outcome="closed", reason="deleted", rank=(1, 3, 2, 1), counts=False)
    held = decision(conveyance="air:2", outcome="withhold", reason="daily-limit", rank=(1, 2, 1, 1), counts=False)
    async with Writer(store) as writer, ReadModel(store) as model:
        await fill(writer, [decision(rank=(1, 1, 1, 1)), gone, held])
        found = await model.bill("ACME0001")
    assert (found.answer, found.decisions) == (held, (gone, held))


async def test_unknown_bill_has_no_answer(store: StoreSettings) -> None:
    """Nothing is known about a bill without a decision, and the reading says how fresh that is."""
    async with Writer(store) as writer, ReadModel(store) as model:
        await fill(writer, [decision()])
        found = await model.bill("ACME0002")
    assert (found.answer, found.decisions) == (None, ())
    assert found.freshness.as_of == from_micros(FRESH_MS * 1_000)


async def test_day_has_total_bills_and_alerts(store: StoreSettings) -> None:
    """The total is that of what counts; bills stand in the order in which they were first stated; alerts come along."""
    second = decision("ACME0002", minutes=1, cents=500)
    # Stated first of all, and once more later, when it had arrived.
    first = decision("ACME0009", rank=(1, 1, 2, 1), minutes=9, cents=700)
    third = decision("ACME0001", minutes=1, conveyance="air:2", counts=False, outcome="withhold", reason="daily-limit")
    elsewhere = decision("ACME0004", day=DAY + timedelta(days=1))
    before = decision("ACME0009", rank=(1, 1, 1, 1), minutes=0, cents=700, counts=False)
    async with Writer(store) as writer, ReadModel(store) as model:
        alerts = [alert(), alert("structuring", None), alert(day=DAY + timedelta(days=1))]
        await fill(writer, [third, before, second, elsewhere, first], alerts)
        found = await model.day("na2:a", DAY)
        page = await model.day("na2:a", DAY, first=1, count=1)
    assert found.bills == (first, second, third)
    assert (found.total_cents, found.limit_cents, found.headroom_cents) == (1_200, LIMIT, LIMIT - 1_200)
    assert [msgspec.json.encode(each) for each in found.alerts] == alerts[:2]
    assert (page.bills, page.bills_count, page.total_cents) == ((second,), 3, 1_200)


async def test_ledgers_are_kept_apart(store: StoreSettings) -> None:
    """A gift, a month, two sellers and a trip of one consignee on one day: each has its own total, bills and alerts."""
    month, gift = "2025-08-01/2025-08-31", "2025-08-20"
    bills = [
        decision("ACME0001", cents=100),
        decision("ACME0002", cents=200, programme="us-gift", period=gift),
        decision("ACME0003", cents=400, programme="uz", period=month),
        decision("ACME0004", cents=800, programme="uz", period=month, day=DAY + timedelta(days=5)),
        decision("ACME0005", cents=1_600, programme="kr", period=gift, seller="se2:one"),
        decision("ACME0006", cents=3_200, programme="kr", period=gift, seller="se2:two"),
        decision("ACME0007", conveyance="air:7", cents=6_400, programme="pe", period="conveyance"),
    ]
    alerts = [alert(day=None, programme="uz", period=month), alert("structuring", None, programme="uz"), alert()]
    programmes = load_rulebook().with_programmes(["us-321", "us-gift", "uz", "kr", "pe", "ge"], "us-321").programmes
    totals = {}
    async with Writer(store) as writer, ReadModel(store) as model:
        await fill(writer, bills, alerts)
        for name, programme in programmes.items():
            ledgers = await model.ledgers_on("na2:a", programme, DAY)
            found = await model.ledgers("na2:a", ledgers, 0, 10, name)
            totals[name] = [each.total_cents for each in found]
            if name == "uz":
                assert [bill.data.bill for bill in found[0].bills] == ["ACME0003", "ACME0004"]
                assert [msgspec.json.encode(each) for each in found[0].alerts] == alerts[:2]
        assert (await model.day("na2:a", DAY)).total_cents == 100
        assert [each.data.programme for each in (await model.day("na2:a", DAY)).alerts] == ["us-321"]
    assert totals == {
        "us-321": [100], "us-gift": [200], "uz": [1_200], "kr": [1_600, 3_200], "pe": [6_400], "ge": []
    }  # fmt: skip


async def test_measures_are_those_stated_last(store: StoreSettings) -> None:
    """Grams and numbers of bills come from the latest decision of the ledger."""
    bills = [
        decision("ACME0001", minutes=2, measures=(Measure("count", 2, 3),)),
        decision("ACME0002", minutes=1, measures=(Measure("count", 1, 3),)),
        decision("ACME0003", minutes=3),
    ]
    async with Writer(store) as writer, ReadModel(store) as model:
        await fill(writer, bills)
        assert (await model.day("na2:a", DAY)).measures == (Measure("count", 2, 3),)


async def test_empty_day_is_a_day(store: StoreSettings) -> None:
    """A day on which nothing is known has a total of nothing and no limit."""
    async with ReadModel(store) as model:
        found = await model.day("na2:a", DAY)
    assert (found.total_cents, found.limit_cents, found.headroom_cents, found.bills, found.alerts) == (
        0,
        None,
        None,
        (),
        (),
    )


async def test_limit_is_the_one_stated_last(store: StoreSettings) -> None:
    """Where rules changed between two bills of a day, the later event's limit holds."""
    bills = [decision("ACME0001", minutes=2, limit_cents=90_000), decision("ACME0002", minutes=1)]
    async with Writer(store) as writer, ReadModel(store) as model:
        await fill(writer, bills)
        assert (await model.day("na2:a", DAY)).limit_cents == 90_000


async def test_alerts_are_those_of_the_latest_epoch(store: StoreSettings) -> None:
    """After a rebuild its alerts are shown, and those of the earlier epoch are not."""
    alerts = [alert(), alert(epoch=2, offset=5)]
    async with Writer(store) as writer, ReadModel(store) as model:
        await fill(writer, [], alerts)
        found = await model.day("na2:a", DAY)
    assert [each.data.epoch for each in found.alerts] == [2]


async def test_freshness_needs_every_partition(store: StoreSettings) -> None:
    """There is no freshness until every partition was read to its end once; then the oldest time counts."""
    async with Writer(store) as writer, ReadModel(store) as model:
        assert (await model.freshness()).as_of is None
        await writer.positions()
        await writer.apply([Run("decisions", 0, 2, None, 0), Run("decisions", 0, 2, 0, 0, (), FRESH_MS)])
        assert (await model.freshness()).as_of is None
        await writer.apply([Run("decisions", 1, 2, None, 0), Run("decisions", 1, 2, 0, 0, (), FRESH_MS + 5)])
        assert (await model.freshness()).as_of == from_micros(FRESH_MS * 1_000)
        await writer.begin_sweep("token")
        assert (await model.freshness()).sweeping


async def test_no_redis_is_said(own_redis: RedisServer) -> None:
    """A reading without Redis raises that it is away; there is no answer to take for one."""
    store = own_redis.store("t")
    own_redis.kill()
    async with ReadModel(store) as model:
        for asked in (model.bill("ACME0001"), model.day("na2:a", date(2025, 8, 20))):
            with pytest.raises(StoreAwayError):
                await asked


async def test_several_days_in_one_go(store: StoreSettings) -> None:
    """Several days are what each of them is by itself, in the order asked for, with as many bills as wanted."""
    days = [DAY + timedelta(days=ahead) for ahead in (1, 0, 2)]
    async with Writer(store) as writer, ReadModel(store) as model:
        await fill(writer, [decision("ACME0001"), decision("ACME0002", day=days[0], cents=700)])
        found = await model.days("na2:a", days)
        assert [each.total_cents for each in found] == [700, 1_200, 0]
        assert [len(each.bills) for each in found] == [0, 0, 0]
        assert await model.days("na2:a", days, 5) == [await model.day("na2:a", day, 0, 5) for day in days]


async def test_many_readers_at_once_wait_their_turn(store: StoreSettings) -> None:
    """Far more readers than connections are all answered; none is told that Redis is away."""
    async with Writer(store) as writer, ReadModel(store) as model:
        await fill(writer, [decision()])
        found = await asyncio.gather(*(model.bill("ACME0001") for _ in range(500)))
    assert {each.answer.data.bill for each in found if each.answer} == {"ACME0001"}
    assert len([each for each in found if each.answer]) == 500
