"""The embedded projection: the code of `tallygate projection`, reporting to its parent instead of a log."""

import asyncio
import signal
from collections.abc import Callable
from typing import Final, NoReturn

import uvloop

from agents.embedded.messages import ChildReport, Counts
from agents.readmodel.projection import Projection
from agents.readmodel.projection_process import count_partitions, kept_store_of, make_projection
from agents.readmodel.queries import ReadModel
from agents.readmodel.writing import Writer
from agents.settings.settings import Settings

LOOK_SECONDS: Final = 0.1


def run_projection(settings: Settings, partitions: int | None, say: Callable[[ChildReport], None]) -> NoReturn:
    """Project until SIGTERM, then exit the process; `partitions` is given if the broker cannot be asked."""
    uvloop.run(_project(settings, partitions, say))
    raise SystemExit(0)


async def _project(settings: Settings, partitions: int | None, say: Callable[[ChildReport], None]) -> None:
    store = kept_store_of(settings)
    partitions = partitions or await count_partitions(settings)
    async with Writer(store) as writer, ReadModel(store) as model:
        projection = make_projection(settings, writer, partitions)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, projection.stop)
        telling = asyncio.create_task(_tell(projection, model, say))
        try:
            await projection.run()
        finally:
            telling.cancel()
        say(ChildReport(ready=True, counts=Counts(applied=projection.progress.records)))


async def _tell(projection: Projection, model: ReadModel, say: Callable[[ChildReport], None]) -> None:
    """Report what is in Redis, once it is complete."""
    told = -1
    while True:
        records = projection.progress.records
        if records != told and (await model.freshness()).as_of is not None:
            say(ChildReport(ready=True, counts=Counts(applied=records)))
            told = records
        await asyncio.sleep(LOOK_SECONDS)
