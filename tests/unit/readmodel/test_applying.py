"""The script: decisions in any order leave what a plain recomputation gives; a run that does not fit is refused."""

import asyncio
import uuid
from datetime import date

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.exceptions import ResponseError

from agents.readmodel.store import StoreAwayError, StoreRefusedError, StoreSettings, own_error
from agents.readmodel.writing import Applied, Elsewhere, Sweeping, Writer
from stream.decisions import Decision
from tests.redis.contents import compared, contents, recomputed
from tests.redis.events import alert, decision
from tests.redis.server import RedisServer
from tests.unit.readmodel.filling import fill, run_of

pytestmark = pytest.mark.redis

DAYS = st.sampled_from([None, date(2025, 8, 20), date(2025, 8, 21)])
RANKS = st.tuples(st.integers(1, 2), st.sampled_from([1, 2, 10]), st.integers(1, 3), st.integers(1, 2))


@st.composite
def decisions(draw: st.DrawFn) -> list[Decision]:
    """Draw decisions of few bills, days and consignees, some of them twice; a rank is never used for two."""
    keys = st.tuples(st.sampled_from(["ACME1", "ACME2"]), st.sampled_from(["air:1", "air:10", "air:Z"]), RANKS)
    outcomes = st.sampled_from(["release", "warn", "closed"])
    bases = st.sampled_from(["actual", "estimated", None])
    made = [
        decision(
            bill, conveyance, rank=rank, day=draw(DAYS), consignee=draw(st.sampled_from(["na2:a", "id2:EI:b"])),
            cents=draw(st.sampled_from([0, 1, 1_200, 10**14 + 1])), counts=draw(st.booleans()),
            minutes=draw(st.integers(-1, 2)), outcome=draw(outcomes), basis=draw(bases),
        )
        for bill, conveyance, rank in draw(st.lists(keys, max_size=12, unique=True))
    ]  # fmt: skip
    return made + draw(st.lists(st.sampled_from(made), max_size=4)) if made else []


@given(decisions().flatmap(st.permutations))
@settings(max_examples=60)
def test_any_order_gives_the_recomputation(redis_server: RedisServer, found: list[Decision]) -> None:
    """Out of order and repeated, decisions leave exactly what the highest ranks say, to the cent and the key."""
    prefix = uuid.uuid4().hex

    async def apply() -> None:
        async with Writer(redis_server.store(prefix)) as writer:
            await fill(writer, found)

    asyncio.run(apply())
    assert compared(contents(redis_server, prefix)) == recomputed(map(msgspec.json.encode, found))


async def test_repeat_changes_nothing_and_tells_nobody(redis_server: RedisServer, store: StoreSettings) -> None:
    """The same records once more: no key differs, and no scanner is told twice."""
    values = [msgspec.json.encode(decision(rank=(1, 1, 1, revision))) for revision in (1, 2)]
    async with Writer(store) as writer:
        await fill(writer, values)
        before = contents(redis_server, store.prefix)
        assert await writer.apply([run_of(values, 2)]) == [Applied(0)]
    after = contents(redis_server, store.prefix)
    assert after.pop("positions") != before.pop("positions")
    assert (after, len(after["changes"])) == (before, 2)


async def test_changes_name_the_decision(redis_server: RedisServer, store: StoreSettings) -> None:
    """A scanner is told bill, conveyance and where the decision stands."""
    async with Writer(store) as writer:
        await fill(writer, [decision(rank=(1, 1, 2, 1)), decision(rank=(1, 1, 1, 1))])
    told = {b"bill": b"ACME0001", b"conveyance": b"air:1", b"at": b"decisions/0/0"}
    assert contents(redis_server, store.prefix)["changes"] == [told]


async def test_changes_are_capped(redis_server: RedisServer) -> None:
    """Of the changes about as many are kept as the settings say."""
    store = redis_server.store(uuid.uuid4().hex, changes_length=100)
    async with Writer(store) as writer:
        await fill(writer, [decision(f"ACME{number}") for number in range(1_000)])
    assert 100 <= len(contents(redis_server, store.prefix)["changes"]) < 300


async def test_run_that_does_not_follow_is_refused(redis_server: RedisServer, store: StoreSettings) -> None:
    """A run from elsewhere, before or behind, applies nothing, and those after it neither."""
    value = msgspec.json.encode(decision())
    async with Writer(store) as writer:
        await fill(writer, [value])
        before = contents(redis_server, store.prefix)
        other = msgspec.json.encode(decision("ACME0002"))
        answers = await writer.apply(
            [run_of([other], 5), run_of([other], 6), run_of([other], None), run_of([other], 0)]
        )
    assert answers == [Elsewhere(1)] * 4
    assert contents(redis_server, store.prefix) == before


async def test_emptied_redis_is_noticed(redis_server: RedisServer, store: StoreSettings) -> None:
    """After everything is gone the next run is refused: nothing is written that would look complete."""
    async with Writer(store) as writer:
        await fill(writer, [decision()])
        with redis_server.client() as client:
            client.flushdb()
        assert await writer.apply([run_of([msgspec.json.encode(decision("ACME0002"))], 1)]) == [Elsewhere(None)]
    assert contents(redis_server, store.prefix) == {}


async def test_every_key_ends(redis_server: RedisServer) -> None:
    """Each key has a time to live of the settings' length."""
    store = redis_server.store(uuid.uuid4().hex, ttl_seconds=1_000)
    async with Writer(store) as writer:
        await fill(writer, [decision()], [alert()])
        await writer.apply([run_of([msgspec.json.encode(decision(rank=(1, 2, 2, 1), cents=5))], 1)])
    with redis_server.client() as client:
        lives = {name: client.ttl(name) for name in client.scan_iter(f"{{{store.prefix}}}:*")}
    assert len(lives) == 9
    assert [name for name, seconds in lives.items() if not 900 < seconds <= 1_000] == []


async def test_alert_is_kept_once(redis_server: RedisServer, store: StoreSettings) -> None:
    """An alert that is raised again is the same alert."""
    async with Writer(store) as writer:
        answers = await fill(writer, [], [alert(), alert(), alert("structuring", None)])
    assert answers[-1] == Applied(2)
    assert compared(contents(redis_server, store.prefix)) == recomputed([], [alert(), alert("structuring", None)])


async def test_sweep_removes_ours_and_nothing_else(redis_server: RedisServer, store: StoreSettings) -> None:
    """A rebuild empties one prefix; a back-test beside it keeps everything."""
    other = redis_server.store(f"{store.prefix}0")
    async with Writer(store) as writer, Writer(other) as beside:
        await fill(writer, [decision(f"ACME{number}") for number in range(3_000)])
        await fill(beside, [decision()])
        await writer.begin_sweep("token")
        with redis_server.client() as client:
            client.set(f"{{{store.prefix}}}:v1:bill:ACME0", "of an earlier version")
            kinds = [name.decode().split(":")[2] for name in client.scan_iter(f"{{{store.prefix}}}:*")]
        # Positions go with the sweep's mark.
        assert await writer.sweep("token") == len(kinds) - 1
        assert {"bill", "bills", "total", "changes", "day", "conveyance", "conveyances"} == {*kinds} - {"positions"}
    assert contents(redis_server, store.prefix) == {}
    assert len(contents(redis_server, other.prefix)) == 8


async def test_nothing_is_written_during_a_sweep(store: StoreSettings) -> None:
    """From its beginning to its end every run is refused: half of the keys are no ground to add to."""
    async with Writer(store) as writer:
        await fill(writer, [decision()])
        await writer.begin_sweep("token")
        assert await writer.apply([run_of([], 1), run_of([], None)]) == [Sweeping("token")] * 2
        await writer.sweep("token")
        assert await writer.apply([run_of([], None)]) == [Applied(0)]


async def test_late_sweeper_harms_nothing(redis_server: RedisServer, store: StoreSettings) -> None:
    """A sweep that another has ended removes nothing of what was filled since."""
    async with Writer(store) as writer:
        await writer.begin_sweep("token")
        await writer.sweep("token")
        await fill(writer, [decision()])
        before = contents(redis_server, store.prefix)
        assert await writer.sweep("token") == 0
    assert contents(redis_server, store.prefix) == before


async def test_redis_that_is_away_is_told_from_one_that_refuses(own_redis: RedisServer) -> None:
    """No server there, or memory full: wait; keys of another kind: refuse, and never quote what was sent."""
    async with Writer(own_redis.store("t")) as writer:
        await fill(writer, [decision()])
        with own_redis.client() as client:
            client.set("{t}:v2:bill:ACME0002", "odd")
            with pytest.raises(StoreRefusedError, match="WRONGTYPE") as refused:
                await writer.apply([run_of([msgspec.json.encode(decision("ACME0002"))], 1)])
            client.config_set("maxmemory", "1")
        with pytest.raises(StoreAwayError, match="maxmemory"):
            await writer.apply([run_of([], 1)])
        own_redis.kill()
        with pytest.raises(StoreAwayError):
            await writer.apply([run_of([], 1)])
    assert "na2:a" not in str(refused.value)


@pytest.mark.parametrize("text", ["BUSY running a script", "MISCONF cannot persist", "TRYAGAIN later"])
def test_what_passes_is_waited_for(text: str) -> None:
    """Answers that pass by themselves mean: away."""
    assert isinstance(own_error(ResponseError(text)), StoreAwayError)


async def test_rule_of_a_full_memory_is_read(own_redis: RedisServer) -> None:
    """A server that may remove keys at will is known as such."""
    async with Writer(own_redis.store("t")) as writer:
        assert await writer.evicts() is None
        with own_redis.client() as client:
            client.config_set("maxmemory-policy", "volatile-lru")
        assert await writer.evicts() == "volatile-lru"
