"""The engine of a worker as settings describe it."""

from typing import Final

from agents.engine.engine_settings import EngineSettings
from agents.settings.settings import Settings

MIB: Final = 1024 * 1024


def engine_settings(settings: Settings, step: str) -> EngineSettings:
    """Return the engine's settings for the worker of one step."""
    worker = settings.worker
    return EngineSettings(
        connection=settings.kafka.connection(),
        transactional_id=f"{settings.kafka.topics().group(step)}-{worker.name}",
        gather_ms=worker.gather_ms,
        lane_bytes=worker.lane_mib * MIB,
        portion_records=worker.portion_records,
        session_timeout_ms=worker.session_timeout_ms,
        heartbeat_ms=min(3000, worker.session_timeout_ms // 3),
        stall_seconds=worker.stall_seconds,
        stale_offsets_seconds=worker.stale_offsets_seconds,
    )
