"""Settings of Tallygate, a group for each concern: from `TALLYGATE_<GROUP>__<FIELD>`, else from a file, else defaults.

A package keeps its group in its own `settings.py`; one line in `Settings` registers it. Nobody reads `os.environ`.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import (
    SettingsError as UnreadableError,
)

from agents.connections.settings import Group, KafkaSettings, Name, RedisSettings
from agents.engine.errors import RefusedError
from agents.engine.settings import EngineSettings
from agents.gateway.live.settings import LiveSettings
from agents.gateway.settings import GatewaySettings
from agents.logs.settings import LogSettings
from agents.metrics.settings import MetricsSettings
from agents.setting_sources import SettingsError, environment, mistakes_in, named, read_file, unknown_variables

__all__ = ["KafkaSettings", "RedisSettings", "Settings", "SettingsError", "read_settings"]

MIB = 1024 * 1024


class KeySettings(Group):
    """How consignee keys are made. A change needs a new epoch and a rebuild."""

    secret_file: Path | None = None
    """File with the secret of the keyed digest, at least 16 bytes. Workers need it."""
    match: Literal["exact", "normalised"] = "normalised"
    """`normalised`: names and addresses that are written differently may be one consignee. `exact`: they may not."""


class PolicySettings(Group):
    """How a day over its limit is judged. A change needs a new epoch and a rebuild."""

    overflow: Literal["skip", "latch", "all_or_none"] = "skip"
    """After a bill that does not fit: `skip` goes on with later bills, `latch` stops, `all_or_none` releases no bill of
    the day."""
    rounding: Literal["cents", "whole-dollars"] = "cents"
    """Count exact cents, or round each bill to whole dollars, half up."""
    enforcement: Literal["auto", "warn", "withhold"] = "auto"
    """Withhold an arrived bill that does not fit, or only warn. `auto`: as the dated rules say."""
    as_of: date | None = None
    """Judge every day by the rules as they stood on this day; none: each day by its own."""


class WorkerSettings(Group):
    """One worker process, and how it balances latency against throughput."""

    name: Name = "0"
    """Stable name, unique among the workers of a step; in Kubernetes the ordinal. A restart under the same name
    aborts at once the transaction that the dead process left open."""
    gather_ms: Annotated[int, Field(ge=0, le=1000)] = 16
    """How long the broker may hold a fetch to collect more records."""
    lane_mib: Annotated[int, Field(ge=1, le=1024)] = 8
    """Memory for the waiting records of one partition. Beyond it the worker does not fetch that partition."""
    portion_records: Annotated[int, Field(ge=1)] = 10_000
    """Most records of one partition in one transaction."""
    session_timeout_ms: Annotated[int, Field(ge=1000)] = 10_000
    """A worker that sends no heartbeat for this long loses its partitions."""
    stall_seconds: Annotated[int, Field(ge=10)] = 60
    """A worker that has work but makes no progress for this long ends itself."""
    stale_offsets_seconds: Annotated[int, Field(ge=0)] = 180
    """How long a worker whose tables are ahead of the group's committed offsets asks for the offsets again."""


class Settings(BaseSettings):
    """All settings of a worker."""

    model_config = SettingsConfigDict(
        env_prefix="TALLYGATE_",
        env_nested_delimiter="__",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    kafka: KafkaSettings = KafkaSettings()
    key: KeySettings = KeySettings()
    policy: PolicySettings = PolicySettings()
    worker: WorkerSettings = WorkerSettings()
    redis: RedisSettings = RedisSettings()
    gateway: GatewaySettings = GatewaySettings()
    live: LiveSettings = LiveSettings()
    metrics: MetricsSettings = MetricsSettings()
    log: LogSettings = LogSettings()
    rules: tuple[Path, ...] = ()
    """Your own rule files, in addition to the shipped ones."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - not asked
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - not asked
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the environment before the file, field by field."""
        return init_settings, env_settings, InitSettingsSource(settings_cls, read_file(cls, environment()))

    @model_validator(mode="after")
    def _nothing_unknown(self) -> Self:
        mistakes, _doubts = unknown_variables(type(self), environment())
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    def engine(self, step: str) -> EngineSettings:
        """Give the engine's settings for the worker of one step."""
        worker = self.worker
        return EngineSettings(
            connection=self.kafka.connection(),
            transactional_id=f"{self.kafka.topics().group(step)}-{worker.name}",
            gather_ms=worker.gather_ms,
            lane_bytes=worker.lane_mib * MIB,
            portion_records=worker.portion_records,
            session_timeout_ms=worker.session_timeout_ms,
            heartbeat_ms=min(3000, worker.session_timeout_ms // 3),
            stall_seconds=worker.stall_seconds,
            stale_offsets_seconds=worker.stale_offsets_seconds,
        )


def read_settings() -> Settings:
    """Read the settings. Raises SettingsError, which names every variable that is wrong and quotes no value."""
    try:
        return Settings()
    except (ValidationError, UnreadableError) as error:
        raise SettingsError(mistakes_told(error)) from None


def mistakes_told(error: BaseException) -> list[str]:
    """Give a sentence for each mistake that an error of `Settings()` is about, and nothing for any other error."""
    if isinstance(error, RefusedError):
        return list(error.mistakes) if isinstance(error, SettingsError) else [str(error)]
    if isinstance(error, UnreadableError):
        return [named(error, environment())]
    if isinstance(error, ValidationError) and error.title == Settings.__name__:
        return list(mistakes_in(error, Settings, environment()))
    return []
