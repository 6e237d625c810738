"""What the parent and a child process tell each other: settings on its standard input, reports on its output."""

from typing import Final

import msgspec

from stream.postings import US_321

GATEWAY_PORT: Final = 8080
"""The port, easy to remember, if it is free; else any."""


class Counts(msgspec.Struct):
    """The report of one worker: input records by their fate, at its last commit."""

    applied: int = 0
    stale: int = 0
    dead_lettered: int = 0
    transactions: int = 0

    @property
    def records(self) -> int:
        """Records judged."""
        return self.applied + self.stale + self.dead_lettered


class ChildSpec(msgspec.Struct, frozen=True):
    """The settings that a child process reads from its standard input."""

    step: str
    """A step, `projection` or `gateway`."""
    brokers: str
    prefix: str
    epoch: int
    partitions: int
    secret_file: str
    """Holds the secret of the consignee keys."""
    embedded: bool
    """Whether the broker is the embedded one, which cannot answer questions about its topics."""
    redis: str
    """Address of the embedded Redis."""
    tokens_file: str
    """Holds the gateway's tokens."""
    programme: str = US_321
    """Enabled beside `us-321`."""
    gather_ms: int = 16
    """How long the broker holds a fetch. The embedded broker holds it to the end, so idle workers ask as often."""
    port: int = GATEWAY_PORT
    """Where the gateway serves, or at any port if this one is taken."""


class ChildReport(msgspec.Struct):
    """A line that a child process writes to its standard output."""

    ready: bool
    counts: Counts
    address: str = ""
    """Where the gateway serves."""


class BrokerSpec(msgspec.Struct, frozen=True):
    """What the process of the broker is told."""

    topics: list[str]
    """The first is written by others."""
    folder: str = ""
    """Where its logs are kept; empty: nowhere."""


class BrokerReport(msgspec.Struct, frozen=True):
    """A line that the process of the broker writes to its standard output."""

    address: str = ""
    per_cent: int = 0
    """How full the fullest partition is."""
    fullest: str = ""
    """That partition."""
    failed: str = ""
    """Why it ends."""
    status: int = 1
    """The exit code for that reason."""
