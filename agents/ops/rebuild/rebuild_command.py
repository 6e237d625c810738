"""Running a rebuild from the command line: an event loop, and signals that end it in order."""

import asyncio
import signal

from aiokafka.errors import KafkaError

from agents.kafka.probing import explained
from agents.ops.rebuild.rebuild import Outcome, RebuildWatcher, rebuild_tables
from agents.settings.settings import Settings
from agents.worker.rebuild_marks import Source


def run(settings: Settings, epoch: int, source: Source, watcher: RebuildWatcher) -> Outcome:
    """Rebuild to the end; Ctrl-C and SIGTERM stop the processes in order and raise KeyboardInterrupt.

    Raises EpochError, EngineError.
    """
    try:
        return asyncio.run(_run(settings, epoch, source, watcher))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _run(settings: Settings, epoch: int, source: Source, watcher: RebuildWatcher) -> Outcome:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await rebuild_tables(settings, epoch, source, watcher)
    except KafkaError as error:
        raise await explained(settings.kafka.connection(), error) from None
