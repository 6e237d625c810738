"""Patience with a broker that came back with old offsets: ask again for some minutes before the worker refuses."""

import asyncio
import logging
from collections.abc import Mapping
from time import monotonic
from typing import Final

from agents.engine.engine_progress import EngineProgress
from agents.engine.engine_settings import EngineSettings
from agents.engine.group_offsets import GroupOffsets
from agents.engine.job import Job
from agents.engine.lane import Lane
from agents.engine.seating import TableStanding, check_lost, outrun, standings

log = logging.getLogger(__name__)

ASK_SECONDS: Final = 2.0
SAY_SECONDS: Final = 30.0


class Patience:
    """Waits until the group's offsets are those of the tables; counts over changes of the group, not over restarts."""

    def __init__(self, settings: EngineSettings, job: Job, offsets: GroupOffsets, progress: EngineProgress) -> None:
        """Ask `offsets`, and note in `progress` how many partitions are waited for."""
        self._settings = settings
        self._job = job
        self._offsets = offsets
        self._progress = progress
        self._since: float | None = None
        self._said = 0.0

    async def agreed(self, lanes: dict[int, Lane], committed: Mapping[int, int | None]) -> None:
        """Return once each table stands where its committed offset is. Raise RefusedError if that cannot come true."""
        source, group = self._job.source, self._job.group
        try:
            while differing := standings(lanes.values(), committed):
                check_lost(differing, source, group)
                self._progress.stale_offsets = len(differing)
                self._since = self._since or monotonic()
                waited = monotonic() - self._since
                if waited >= self._settings.stale_offsets_seconds:
                    raise outrun(differing, source, group, waited)
                self._say(differing, waited)
                await asyncio.sleep(ASK_SECONDS)
                committed = await self._offsets.stable(list(lanes))
            self._over()
        finally:
            self._progress.stale_offsets = 0

    def _say(self, differing: list[TableStanding], waited: float) -> None:
        if waited and monotonic() - self._said < SAY_SECONDS:
            return
        self._said = monotonic()
        left = self._settings.stale_offsets_seconds - waited
        places = "; ".join(each.sentence() for each in differing)
        more = {"incident": "stale-offsets", "seconds": round(waited)}
        log.error("%s: tables are ahead of its offsets, asks again for %.0f s: %s", self._job.group, left, places,
                  extra=more)  # fmt: skip

    def _over(self) -> None:
        if self._since is not None:
            more = {"incident": "offsets-back", "seconds": round(monotonic() - self._since)}
            log.warning("%s: offsets and tables agree again", self._job.group, extra=more)
            self._since = None
