"""Whether the records of a day fit into the embedded broker, which silently drops the first ones when it is full."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from agents.demo.agenda import Planned
from agents.demo.demo_errors import DayTooLargeError
from agents.embedded.embedded_broker import PARTITION_BYTES_MAX, PARTITIONS
from stream.partition import partition_of

COMPRESSED: Final = 1.5
"""Shipment events are at least this many times smaller in the log; at the usual pace about 2 times."""

DECISIONS_BYTES: Final = 650
"""Bytes of decisions in the log for each shipment record; at the usual pace it is about 500, and no topic has more."""


def fitting(day: Iterable[Planned]) -> Iterator[Planned]:
    """Return the day's records. Raise DayTooLargeError at one too many: the broker would silently drop the first."""
    shipments: Counter[int] = Counter()
    bills = decisions = 0.0
    for planned in day:
        bills += planned.kind == "bill.manifested"
        decisions += DECISIONS_BYTES / PARTITIONS
        partition = partition_of(planned.key, PARTITIONS)
        # The one record that is too large is mostly blanks, which compress well.
        shipments[partition] += min(len(planned.value), 2_000)
        if max(decisions, shipments[partition] / COMPRESSED) > PARTITION_BYTES_MAX:
            raise DayTooLargeError(
                f"the embedded broker keeps 5 MiB a partition, about {bills // 1000:.0f},000 bills; "
                "for a larger day give it a Kafka with --broker"
            )
        yield planned
