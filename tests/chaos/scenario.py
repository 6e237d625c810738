"""What the driver must be given: which workers to run, records to judge, and an audit that shares no code with them."""

from collections import Counter
from typing import NamedTuple, Protocol

from tests.kafka.harness import KafkaHarness


class Post(NamedTuple):
    """A place for a worker: the driver keeps one process on it, whatever happens to the process."""

    name: str
    """Name of the worker; unique within its step."""
    step: str
    """`manifest`, `withholding`, or `module:factory`."""
    settings: tuple[tuple[str, str], ...] = ()
    """Further settings, as `KafkaHarness.worker` takes them, by name."""


class Scenario(Protocol):
    """A job under fire."""

    posts: list[Post]
    """Places for workers; the first ones have one from the start, the last one of each step joins and leaves."""

    accounted: Counter[str]
    """What was audited, by what became of it."""

    met: Counter[str]
    """What else the audit counted."""

    def skip(self, count: int) -> None:
        """Pass over records that a former process has produced."""

    def feed(self, harness: KafkaHarness, count: int) -> None:
        """Produce the next `count` records; called again and again, from one thread, until `total` are produced."""

    def behind(self, harness: KafkaHarness) -> int:
        """Say how much is still to be judged; 0 when all is done."""

    def audit(self, harness: KafkaHarness) -> list[str]:
        """Read everything there is and give a line for each fault; none means exact."""

    def rebuild(self, harness: KafkaHarness) -> list[str]:
        """Rebuild the tables, where there is a way to, and return a line for each fault; all workers are stopped."""
