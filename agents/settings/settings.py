"""Settings of Tallygate, a group for each concern: from `TALLYGATE_<GROUP>__<FIELD>`, else from a file, else defaults.

Each group has a file of its own, `*_group.py`; one line in `Settings` registers it. No other module reads `os.environ`.
"""

from pathlib import Path
from typing import Annotated, Self

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

from agents.kafka.errors import RefusedError
from agents.settings.gateway_group import GatewaySettings
from agents.settings.kafka_group import KafkaSettings
from agents.settings.key_group import KeySettings
from agents.settings.live_group import LiveSettings
from agents.settings.log_group import LogSettings
from agents.settings.metrics_group import MetricsSettings
from agents.settings.policy_group import PolicySettings
from agents.settings.redis_group import RedisSettings
from agents.settings.sources import SettingsError, environment, mistakes_in, named, read_file, unknown_variables
from agents.settings.webhooks_group import WebhooksSettings
from agents.settings.worker_group import WorkerSettings
from state.rules.programmes import ENABLED_UNLESS_SET
from stream.postings import US_321

__all__ = [
    "KafkaSettings", "KeySettings", "PolicySettings", "RedisSettings", "Settings", "SettingsError", "WorkerSettings",
    "read_settings",
]  # fmt: skip


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
    webhooks: WebhooksSettings = WebhooksSettings()
    metrics: MetricsSettings = MetricsSettings()
    log: LogSettings = LogSettings()
    rules: tuple[Path, ...] = ()
    """Your own rule files, in addition to the shipped ones."""
    programmes: Annotated[tuple[str, ...], Field(min_length=1)] = ENABLED_UNLESS_SET
    """Ids of the [programmes](programmes/README.md) that are judged. Enable one for the withholding workers first:
    [Operating](operating.md#enable-a-programme)."""
    default_programme: str = US_321
    """Programme of a bill that names none; one of the enabled. A change needs a new epoch and a rebuild."""
    read_again_days: Annotated[int, Field(ge=1)] = 365
    """Days after which `tallygate doctor` asks you to read the source of a rule again."""

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


def read_settings() -> Settings:
    """Read the settings. Raise SettingsError, which names every variable that is wrong and quotes no value."""
    try:
        return Settings()
    except (ValidationError, UnreadableError) as error:
        raise SettingsError(mistakes_told(error)) from None


def mistakes_told(error: BaseException) -> list[str]:
    """Return a sentence for each mistake that an error of `Settings()` is about, and nothing for any other error."""
    if isinstance(error, RefusedError):
        return list(error.mistakes) if isinstance(error, SettingsError) else [str(error)]
    if isinstance(error, UnreadableError):
        return [named(error, environment())]
    if isinstance(error, ValidationError) and error.title == Settings.__name__:
        return list(mistakes_in(error, Settings, environment()))
    return []
