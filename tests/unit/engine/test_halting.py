"""Looking whether a halt is lifted goes on while Kafka is away, and ends the worker when it cannot go on."""

import asyncio
import logging

import msgspec
import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from agents.engine import halting
from agents.engine.control import HALT, Halt, control_key
from agents.engine.halting import Halting
from agents.engine.job import Job
from agents.engine.lane import Lane
from agents.engine.settings import Connection, EngineSettings
from state.table import Table
from tests.toy.step import ToyStep

GROUP = "t.toy.e1"
JOB = Job(step=ToyStep(), source="s", group=GROUP, changelog="l", control="c", sinks={})
SETTINGS = EngineSettings(connection=Connection("127.0.0.1:9"), transactional_id="t")
HALTS = {number: Halt(GROUP, number, 5, "ceiling") for number in range(3)}

Answer = Exception | set[int]
"""What reading the control topic raises, or the partitions whose halt stands in it."""


class Stand:
    """Three halted lanes, a control topic that answers in turn, and what came of it."""

    def __init__(self, patch: pytest.MonkeyPatch, *answers: Answer) -> None:
        self.answers = list(answers)
        self.lanes = {number: Lane(TopicPartition("s", number), Table(), 5) for number in HALTS}
        self.opened: list[int] = []
        self.failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        patch.setattr(halting, "LOOK_SECONDS", 0)
        patch.setattr(halting, "read_control", self._read_control)
        patch.setattr(Halting, "_measure", self._measure)
        self.halting = Halting(SETTINGS, JOB, self.reopen, self.failed.set_result)
        self.halting.found({lane: HALTS[number] for number, lane in self.lanes.items()})

    async def _read_control(self, *_asked: object) -> dict[bytes, bytes]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return {control_key(GROUP, number, HALT): msgspec.json.encode(HALTS[number]) for number in answer}

    async def _measure(self, _lanes: list[Lane]) -> None:
        """Ask no broker how long the input is."""

    async def reopen(self, lane: Lane) -> None:
        """Note a lane that is fetched again."""
        self.opened.append(lane.number)

    async def all_lifted(self) -> None:
        """Wait until no lane is halted, or the worker is told to end."""
        lanes = self.lanes.values()
        while not self.failed.done() and any(lane in self.halting for lane in lanes):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0)


@pytest.mark.parametrize("away", [KafkaConnectionError("away"), ConnectionResetError(), TimeoutError()])
async def test_kafka_that_is_away_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, away: Exception
) -> None:
    """However it is away, that is logged, and the next look lifts the halt."""
    with caplog.at_level(logging.WARNING):
        stand = Stand(monkeypatch, away, {0, 1, 2}, away, {0}, set())
        await stand.all_lifted()
    assert sorted(stand.opened) == [0, 1, 2]
    assert not stand.failed.done()
    said = [each.getMessage() for each in caplog.records if "cannot look whether a halt is lifted" in each.getMessage()]
    assert [type(away).__name__ in each for each in said] == [True, True]


async def test_what_cannot_be_mended_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any other error is heard: the worker is told to end, for a halted lane would never be looked at again."""
    stand = Stand(monkeypatch, ZeroDivisionError("ours"))
    assert isinstance(await stand.failed, ZeroDivisionError)
    assert stand.opened == []


async def test_lane_that_cannot_be_opened_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no longer halted and not fetched either: a new life opens it."""
    monkeypatch.setattr(Stand, "reopen", _broken)
    stand = Stand(monkeypatch, set())
    assert isinstance(await stand.failed, RuntimeError)


async def _broken(_stand: Stand, _lane: Lane) -> None:
    raise RuntimeError("the thread has ended")


async def test_lanes_given_up_meanwhile_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a lane is opened the others may be given up: they are neither opened nor an error."""
    ended = asyncio.Event()

    async def give_up(stand: Stand, lane: Lane) -> None:
        stand.opened.append(lane.number)
        stand.halting.forget()
        ended.set()

    monkeypatch.setattr(Stand, "reopen", give_up)
    stand = Stand(monkeypatch, set())
    looking = stand.halting._looking
    assert looking is not None
    await asyncio.wait([looking])
    assert ended.is_set()
    assert (len(stand.opened), stand.failed.done()) == (1, False)
