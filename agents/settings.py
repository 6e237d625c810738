"""Settings of Tallygate, from environment variables `TALLYGATE_<GROUP>__<FIELD>`, one group for each concern."""

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

from agents.engine.settings import Connection, EngineSettings
from agents.gateway.settings import GatewaySettings
from agents.readmodel.store import DAY_SECONDS, StoreSettings
from stream.topics import Topics

MIB = 1024 * 1024
Name = Annotated[str, StringConstraints(pattern=re.compile(r"^[A-Za-z0-9._-]{1,100}$"))]


class Group(BaseModel):
    """A group of settings; an unknown field is a mistake, not a wish."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KafkaSettings(Group):
    """Where Kafka is, and the names under which this Tallygate lives there."""

    brokers: str = "localhost:9092"
    """Bootstrap servers, `host:port`, comma-separated."""
    prefix: Name = "tallygate"
    """First part of every topic and group; back-tests run under their own."""
    epoch: Annotated[int, Field(ge=1)] = 1
    """Raised when tables are rebuilt from scratch, after a change of secret or policy."""
    partitions: Annotated[int, Field(ge=1, le=1000)] = 12
    """Partition count of topics that `tallygate topics create` makes; fixed from then on."""
    replication: Annotated[int, Field(ge=1, le=32767)] = 1
    """Replicas of topics that `tallygate topics create` makes; 3 in production."""
    options: dict[str, Any] = {}
    """Further arguments of every Kafka client as JSON, such as `{"security_protocol": "SSL"}`."""

    def connection(self) -> Connection:
        """Give what clients connect with."""
        return Connection(self.brokers, self.options)

    def topics(self) -> Topics:
        """Give the names of topics and groups."""
        return Topics(prefix=self.prefix, epoch=self.epoch)


class KeySettings(Group):
    """How consignee keys are made; a change needs a new epoch and a rebuild."""

    secret_file: Path | None = None
    """File with the secret of the keyed digest, at least 16 bytes; workers need it."""
    match: Literal["exact", "normalised"] = "normalised"
    """Whether names and addresses that are written differently may be one consignee."""


class PolicySettings(Group):
    """How a day over its limit is judged; a change needs a new epoch and a rebuild."""

    overflow: Literal["skip", "latch", "all_or_none"] = "skip"
    """After a bill that does not fit: go on with later ones, stop, or release none of the day."""
    rounding: Literal["cents", "whole-dollars"] = "cents"
    """Count exact cents, or each bill in whole dollars, half up."""
    enforcement: Literal["auto", "warn", "withhold"] = "auto"
    """Withhold what arrived and does not fit, or only warn; `auto`: as the dated rules say."""
    as_of: date | None = None
    """Evaluate the rules as they stood that day; none: each day its own."""


class WorkerSettings(Group):
    """One worker process and how it trades latency for work."""

    name: Name = "0"
    """Stable name, unique among the workers of a step; in Kubernetes the ordinal. A restart under the same name
    aborts at once what the dead process left open."""
    gather_ms: Annotated[int, Field(ge=0, le=1000)] = 16
    """How long the broker holds a fetch while records trickle in."""
    lane_mib: Annotated[int, Field(ge=1, le=1024)] = 8
    """Memory for the waiting records of one partition; beyond it the partition is not fetched."""
    portion_records: Annotated[int, Field(ge=1)] = 10_000
    """Records of one partition in one transaction."""
    session_timeout_ms: Annotated[int, Field(ge=1000)] = 10_000
    """Without a heartbeat for this long a worker loses its partitions."""
    stall_seconds: Annotated[int, Field(ge=10)] = 60
    """A worker that has work and gets nowhere for this long ends itself."""


class RedisSettings(Group):
    """Where the read model lives, and how much of it is kept."""

    url: str = "redis://localhost:6379/0"
    """`redis://host:port/db`, `rediss://` for TLS, `unix:///path`; better without a password in it."""
    password_file: Path | None = None
    """File with the password."""
    keep_days: Annotated[int, Field(ge=1)] = 60
    """Keys untouched for so long go; the decisions topic keeps its records as long."""
    changes: Annotated[int, Field(ge=1)] = 10_000
    """About so many of the latest changes are kept for readers that fell behind."""

    def store(self, prefix: str) -> StoreSettings:
        """Give what the read model connects with, under a topic prefix. Raises OSError where a file cannot be read."""
        password = None if self.password_file is None else self.password_file.read_text("utf-8").strip()
        return StoreSettings(self.url, prefix, password, self.keep_days * DAY_SECONDS, self.changes)


class Settings(BaseSettings):
    """All settings of a worker."""

    model_config = SettingsConfigDict(env_prefix="TALLYGATE_", env_nested_delimiter="__", extra="ignore", frozen=True)

    kafka: KafkaSettings = KafkaSettings()
    key: KeySettings = KeySettings()
    policy: PolicySettings = PolicySettings()
    worker: WorkerSettings = WorkerSettings()
    redis: RedisSettings = RedisSettings()
    gateway: GatewaySettings = GatewaySettings()
    rules: tuple[Path, ...] = ()
    """Rule files beside the shipped ones."""

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
        )
