"""Rows of the control topic that cannot be read: each is named, concerns its own partition only, and can be lifted."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition

from agents.engine import halting
from agents.engine.control import HALT, SUSPICION, UNREADABLE, ControlRow, Halt, control_key, controls_in, halts_in
from agents.engine.lane import Lane
from agents.engine.poison_isolation import PoisonIsolation, Suspicion
from state.table import Table

GROUP = "t.manifest.e1"
BAD = {
    "no JSON": b"{",
    "no text": b'{"group":"\xff"}',
    "deep": b'{"a":' + b"[" * 100_000,
    "another shape": b'{"group":1}',
    "a number too long": b'{"offset":' + b"9" * 5_000 + b"}",
}
GOOD = Halt(GROUP, 2, 7, "poison")


def row(value: bytes, partition: int) -> ControlRow:
    """Make a row as it is read from the topic."""
    made = ControlRow(value)
    made.place = f"t.control.v1, partition {partition}, offset 41"
    return made


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_row_concerns_its_own_partition(bad: bytes) -> None:
    """A bad halt halts and says where it stands, a bad suspicion asks for care; others are read as ever."""
    rows = {
        control_key(GROUP, 1, HALT): row(bad, 1),
        control_key(GROUP, 1, SUSPICION): row(bad, 1),
        control_key(GROUP, 2, HALT): row(msgspec.json.encode(GOOD), 2),
        control_key(GROUP, 3, SUSPICION): row(msgspec.json.encode(Suspicion(5, 1)), 3),
    }
    controls = controls_in(rows, GROUP, [0, 1, 2, 3])
    halt = controls[1].halt
    assert halt is not None
    assert (halt.partition, halt.reason) == (1, UNREADABLE)
    assert "t.manifest.e1/1/halt" in halt.sentence()
    assert "t.control.v1, partition 1, offset 41" in halt.sentence()
    assert PoisonIsolation.after(controls[1].suspicion, 5, 30) == PoisonIsolation(rest=30)
    assert len(controls[1].unreadable) == 2
    assert (controls[2].halt, controls[2].unreadable) == (GOOD, ())
    assert (controls[3].suspicion, controls[0].halt, controls[0].suspicion) == (Suspicion(5, 1), None, None)
    assert halts_in(rows) == [halt, GOOD]


async def test_lane_with_a_bad_row_stays_and_the_other_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """While a halt cannot be read its partition stands, once said; the halt of another is lifted all the same."""
    rows = {control_key(GROUP, number, HALT): row(msgspec.json.encode(GOOD), number) for number in (1, 2)}
    lifted: list[int] = []
    looks = asyncio.Semaphore(0)

    async def read(*_given: Any) -> dict[bytes, ControlRow]:
        looks.release()
        return dict(rows)

    async def measure(*_given: Any) -> None:
        pass

    async def reopen(lane: Lane) -> None:
        lifted.append(lane.number)

    monkeypatch.setattr(halting, "LOOK_SECONDS", 0)
    monkeypatch.setattr(halting, "read_control", read)
    monkeypatch.setattr(halting.Halting, "_measure", measure)
    settings: Any = SimpleNamespace(connection=None)
    job: Any = SimpleNamespace(control="t.control.v1", group=GROUP)
    failures: list[BaseException] = []
    standing = halting.Halting(settings, job, reopen, failures.append)
    lanes = [Lane(TopicPartition("t", number), Table(), 0) for number in (1, 2)]
    for lane in lanes:
        standing.halt(lane, msgspec.structs.replace(GOOD, partition=lane.number))
    rows[control_key(GROUP, 1, HALT)] = row(BAD["deep"], 1)
    caplog.clear()
    with caplog.at_level(logging.ERROR):
        for _ in range(5):
            await looks.acquire()
        del rows[control_key(GROUP, 2, HALT)]
        for _ in range(5):
            await looks.acquire()
    assert (lifted, failures) == ([2], [])
    assert lanes[0] in standing
    assert [message for message in caplog.messages if "partition 1, offset 41" in message] == caplog.messages
    assert len(caplog.messages) == 1
    standing.forget()
