"""Settings of the live feed: memory for decisions, and limits for streams and their readers."""

from typing import Annotated

from pydantic import Field

from agents.settings.settings_group import SettingsGroup

Positive = Annotated[int, Field(ge=1)]
MIB = 1024 * 1024


class LiveSettings(SettingsGroup):
    """The gateway's open streams, `GET /v1/decisions` and `GET /v1/scan`."""

    window_records: Annotated[int, Field(ge=1_000)] = 20_000
    """Number of the latest decisions in memory (the window). A reader that falls further behind is disconnected."""
    window_mib: Positive = 64
    """Most memory for the window."""
    streams: Positive = 5_000
    """Most open streams of this process."""
    streams_per_token: Positive = 2_500
    """Most open streams of one token."""
    watched_bills: Positive = 500
    """Most bills that one scanner watches. Beyond it the gateway drops the bill that was scanned longest ago."""
    queue_messages: Annotated[int, Field(ge=600)] = 1_024
    """Most messages that wait for one scanner. A scanner with more is disconnected."""
    queue_kib: Annotated[int, Field(ge=64)] = 1_024
    """Most memory for the messages that wait for one scanner."""
    replays: Positive = 4
    """Most replays from Kafka at a time, for readers that missed more than the window holds. Other readers wait."""
    write_seconds: Positive = 10
    """A reader that takes nothing for this long is disconnected."""
    wait_seconds: Positive = 10
    """Longest time that a request waits for the answer for a bill that was just published."""
    fetch_wait_ms: Annotated[int, Field(ge=5, le=1000)] = 100
    """How long the broker holds a fetch while there are no new records. Freshness is updated as often."""

    @property
    def window_bytes(self) -> int:
        """Return the window's memory in bytes."""
        return self.window_mib * MIB

    @property
    def queue_bytes(self) -> int:
        """Return a scanner's waiting messages in bytes."""
        return self.queue_kib * 1024
