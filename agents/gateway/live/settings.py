"""Settings of the live side: how much is kept in memory, and how many may listen to how much."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[int, Field(ge=1)]
MIB = 1024 * 1024


class LiveSettings(BaseModel):
    """The gateway's open streams, `GET /v1/decisions` and `GET /v1/scan`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    window_records: Annotated[int, Field(ge=1_000)] = 20_000
    """So many of the latest decisions are kept in memory; a reader further behind is cut off."""
    window_mib: Positive = 64
    """And no more memory than this for them."""
    streams: Positive = 5_000
    """Most open streams of this process."""
    streams_per_token: Positive = 2_500
    """Most open streams of one token."""
    watched_bills: Positive = 500
    """Bills that one scanner watches; beyond it the one scanned longest ago is let go."""
    queue_messages: Annotated[int, Field(ge=600)] = 1_024
    """Messages that wait for a scanner; one that lets more wait is cut off."""
    queue_kib: Annotated[int, Field(ge=64)] = 1_024
    """And no more memory than this for them."""
    replays: Positive = 4
    """Readers that are read for from Kafka at a time, having missed more than the window holds; others wait."""
    write_seconds: Positive = 10
    """A reader that takes nothing for so long is cut off."""
    fetch_wait_ms: Annotated[int, Field(ge=5, le=1000)] = 100
    """How long the broker holds a fetch while nothing comes; freshness moves on as often."""

    @property
    def window_bytes(self) -> int:
        """Give the window's memory in bytes."""
        return self.window_mib * MIB

    @property
    def queue_bytes(self) -> int:
        """Give a scanner's waiting messages in bytes."""
        return self.queue_kib * 1024
