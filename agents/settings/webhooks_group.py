"""Settings of the webhooks: where they are kept, where they may lead, and how long a receiver may be down."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from agents.settings.settings_group import SettingsGroup


class WebhooksSettings(SettingsGroup):
    """`tallygate webhooks`: where webhooks may lead, and how long a receiver may be down."""

    file: Path | None = None
    """File with the webhooks and their secrets, written by `tallygate webhooks`. `tallygate webhooks run` needs it."""
    allow_http: bool = False
    """Allow URLs with `http://`. Anyone on the way can read those deliveries."""
    allow_private: bool = False
    """Allow receivers whose address is not public, such as 10.0.0.5 or localhost. A person who adds a webhook can then
    have Tallygate send requests into your network."""
    timeout_seconds: Annotated[int, Field(ge=1, le=120)] = 15
    """Seconds in which a receiver must answer."""
    concurrency: Annotated[int, Field(ge=1, le=64)] = 8
    """Most requests at a time to one receiver. Deliveries of one bill never overlap."""
    retry_seconds: Annotated[float, Field(ge=0.05, le=60)] = 1.0
    """Wait after the first failure of a delivery. Each further failure doubles it, less up to a half at random."""
    retry_seconds_longest: Annotated[float, Field(ge=0.05, le=86_400)] = 300.0
    """Longest wait between two attempts. A receiver may ask for more with `Retry-After`, up to a day."""
    dead_days: Annotated[int, Field(ge=1, le=50)] = 5
    """Days for which one delivery may fail. After that its webhook is dead until `tallygate webhooks enable`."""

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if self.retry_seconds_longest < self.retry_seconds:
            raise ValueError("TALLYGATE_WEBHOOKS__RETRY_SECONDS_LONGEST is lower than the first wait: raise it")
        return self
