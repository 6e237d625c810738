"""Breathing: the event loop turns when work has lasted long enough, and the longest stretch is known."""

import asyncio
import time

from agents.engine.yielding import TURN_SECONDS, LoopYield


def work(seconds: float) -> None:
    """Keep the processor busy for so long."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


def test_a_turn_is_due_after_its_time() -> None:
    """Not at once, and surely after the time of a turn."""
    loop_yield = LoopYield()
    first = loop_yield.due
    work(TURN_SECONDS * 1.2)
    assert (first, loop_yield.due) == (False, True)


async def test_others_run_when_a_breath_is_taken() -> None:
    """What waits in the loop gets its turn, and the next yield is not due at once."""
    turned: list[bool] = []
    asyncio.get_running_loop().call_soon(turned.append, True)
    loop_yield = LoopYield()
    work(TURN_SECONDS * 1.2)
    assert not turned
    await loop_yield.take()
    assert turned == [True]
    assert not loop_yield.due


async def test_waiting_for_something_does_not_count_as_work() -> None:
    """The longest stretch is of work alone: time spent waiting in between is left out."""
    loop_yield = LoopYield()
    work(0.002)
    loop_yield.ended()
    await asyncio.sleep(0.3)
    loop_yield.began()
    loop_yield.ended()
    assert 0.002 <= loop_yield.longest < 0.3
