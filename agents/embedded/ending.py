"""How a process that runs the embedded system ends: in order on the first signal, at once on the second."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final

_STOPS: Final = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def stop_signals(stop: asyncio.Event, end_at_once: Callable[[], None]) -> Iterator[None]:
    """Set `stop` on Ctrl-C and SIGTERM; on a second one call `end_at_once` and cancel the task that runs."""
    loop, running = asyncio.get_running_loop(), asyncio.current_task()

    def end() -> None:
        if stop.is_set():
            end_at_once()
            if running is not None:
                running.cancel()
        stop.set()

    for number in _STOPS:
        loop.add_signal_handler(number, end)
    try:
        yield
    finally:
        for number in _STOPS:
            loop.remove_signal_handler(number)


async def first_of(main: Coroutine[Any, Any, Any], *others: Coroutine[Any, Any, Any]) -> None:
    """Run all until the first one ends, and cancel the others; raise what the first one raised."""
    tasks = [asyncio.create_task(each) for each in (main, *others)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
