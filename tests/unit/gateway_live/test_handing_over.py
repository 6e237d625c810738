"""The hand-over from Kafka to the window: wherever a reader begins, whatever goes on, no gap, no repeat."""

import asyncio
from collections.abc import Iterable
from contextlib import aclosing
from random import Random

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.gateway.http.problems import Problem
from agents.gateway.live.places import decode_places
from agents.gateway.live.sse import wanted_of
from agents.gateway.live.streams import TOO_SLOW, EndedError
from agents.gateway.live.wanted import WantedDecisions
from state.rules import load_rulebook
from tests.redis.events import decision
from tests.unit.gateway_live.logs import Log, reader_of, told

PARTITIONS = 3


class Heard:
    """What a client takes out of the blocks it was sent."""

    def __init__(self) -> None:
        self.bills: list[str] = []
        self.ids: list[list[int]] = []
        """The place after each block, those without a decision too."""

    def take(self, sent: bytes) -> None:
        """Take blocks."""
        for block in sent.decode().split("\n\n")[:-1]:
            fields = dict(line.split(": ", 1) for line in block.split("\n"))
            self.ids.append(decode_places(fields["id"]))
            if "data" in fields:
                self.bills.append(fields["data"].partition('"bill":"')[2].partition('"')[0])


def expected(log: Log, starts: Iterable[int]) -> dict[int, list[str]]:
    """Return by partition the bills from these offsets on."""
    return {
        partition: [
            told(partition, offset).data.bill
            for offset in range(start, log.ends[partition])
            if (partition, offset) not in log.holes
        ]
        for partition, start in enumerate(starts)
    }


def by_partition(bills: Iterable[str]) -> dict[int, list[str]]:
    """Sort what was heard."""
    found: dict[int, list[str]] = {partition: [] for partition in range(PARTITIONS)}
    for bill in bills:
        found[int(bill[4])].append(bill)
    return found


def go_on(log: Log, dice: Random) -> None:
    """Let something happen: records, holes, and the feed reading on."""
    for _ in range(dice.randrange(4)):
        partition = dice.randrange(PARTITIONS)
        if dice.random() < 0.7:
            log.write(partition, hole=dice.random() < 0.3)
        else:
            log.read(partition)


async def follow(log: Log, places: list[int] | None, dice: Random, batch: int) -> Heard:
    """Follow while things happen, until all is at rest and the reader's place is the end."""
    heard = Heard()
    async with aclosing(reader_of(log, places, batch).blocks()) as blocks:
        for step in range(10_000):
            heard.take(await anext(blocks))
            if step < 40:
                go_on(log, dice)
            else:
                for partition in range(PARTITIONS):
                    log.read(partition)
                if heard.ids[-1] == log.ends:
                    return heard
    raise AssertionError("the reader never came to the end")


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(4, 60), st.integers(1, 9), st.integers(0, 40))
def test_nothing_is_missed_and_nothing_told_twice(seed: int, window: int, batch: int, written: int) -> None:
    """From any place, with any window, while feed, topic and reader go on in any order: told once, in order."""
    dice, log = Random(seed), Log(PARTITIONS, window)
    for _ in range(written):
        log.write(dice.randrange(PARTITIONS), hole=dice.random() < 0.2)
    for partition in range(PARTITIONS):
        if dice.random() < 0.8:
            log.read(partition)
    # Behind the feed, or before it: the id may come from another gateway that was faster.
    places = [dice.randint(0, end) for end in log.ends]
    try:
        heard = asyncio.run(follow(log, [*places], dice, batch))
    except EndedError as error:
        assert error.ending is TOO_SLOW  # noqa: PT017 - a small window may outrun it; it is told, not skipped
        return
    assert by_partition(heard.bills) == expected(log, places)
    # Whatever id it stops at, what follows is what it has not been sent.
    counts = [sum(end - start for start, end in zip(places, each, strict=True)) for each in heard.ids]
    assert counts == sorted(counts)


async def test_an_id_is_the_place_after_what_was_told() -> None:
    """Of every id the decisions before it are exactly those told so far, during replay and after."""
    log = Log(PARTITIONS, 1_000, starts=[10, 10, 10])
    for _ in range(20):
        for partition in range(PARTITIONS):
            log.write(partition)
    log.window.begin([10, 10, 10], 0)
    for partition in range(PARTITIONS):
        log.read(partition)
    heard = Heard()
    async with aclosing(reader_of(log, [3, 12, 0]).blocks()) as blocks:
        while not heard.ids or heard.ids[-1] != log.ends:
            heard.take(await anext(blocks))
    told_at = [(number, place) for number, place in enumerate(heard.ids) if number and place != heard.ids[number - 1]]
    for count, (_, place) in enumerate(told_at, 1):
        assert sum(place) - (3 + 12) == count


async def test_a_filtered_reader_moves_on_with_what_is_not_for_him() -> None:
    """Heartbeats carry ids that rise with all decisions, so a reader resumes without reading all again."""
    log, heard = Log(PARTITIONS, 100), Heard()
    async with aclosing(reader_of(log, None, wanted=WantedDecisions(frozenset({"air:9"}))).blocks()) as blocks:
        heard.take(await anext(blocks))
        log.write(0)
        log.write(1, hole=True)
        log.read(0)
        log.read(1)
        heard.take(await anext(blocks))
    assert heard.ids == [[0, 0, 0], [1, 1, 0]]
    assert heard.bills == []


@pytest.mark.parametrize("programmes", [(), ("us-321",), ("uz", "az")])
def test_a_reader_chooses_programmes(programmes: tuple[str, ...]) -> None:
    """Without a filter everything comes, with one only its programmes, and other filters hold besides."""
    wanted = WantedDecisions(programmes=frozenset(programmes))
    found = [name for name in ("us-321", "uz", "az") if wanted.wants(decision(programme=name))]
    assert found == [name for name in ("us-321", "uz", "az") if not programmes or name in programmes]
    both = WantedDecisions(frozenset({"air:9"}), programmes=frozenset(programmes))
    assert not both.wants(decision(programme="uz"))


def test_filters_are_those_of_the_query() -> None:
    """The address names conveyances, outcomes and enabled programmes, each as often as you like; others are refused."""
    query = "/v1/decisions?programme=us-321&programme=us-gift&outcome=release&conveyance=air:1"
    wanted = wanted_of(make_mocked_request("GET", query), load_rulebook(), audit=False)
    assert wanted.programmes == {"us-321", "us-gift"}
    assert [wanted.wants(decision(programme=name)) for name in ("us-321", "us-gift", "us-gift-insular")] == [
        True, True, False,
    ]  # fmt: skip
    with pytest.raises(Problem) as refused:
        wanted_of(make_mocked_request("GET", "/v1/decisions?programme=uz"), load_rulebook(), audit=False)
    assert refused.value.status == 400


async def test_who_falls_off_the_window_is_told_so() -> None:
    """A reader whose next entry is trimmed does not skip it: its stream ends as too slow."""
    log, heard = Log(PARTITIONS, 5), Heard()
    async with aclosing(reader_of(log, None).blocks()) as blocks:
        heard.take(await anext(blocks))
        for _ in range(6):
            log.write(0)
        log.read(0)
        with pytest.raises(EndedError) as caught:
            await anext(blocks)
    assert caught.value.ending is TOO_SLOW
