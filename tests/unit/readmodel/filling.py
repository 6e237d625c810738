"""Filling a read model by hand, as a projection would."""

from collections.abc import Iterable, Sequence

import msgspec

from agents.readmodel.items import alert_items, decision_items
from agents.readmodel.writing import Answer, Run, Writer
from stream.decisions import Decision

FRESH_MS = 1_755_700_000_000


def run_of(values: Sequence[bytes], start: int | None = 0, topic: str = "decisions", partition: int = 0) -> Run:
    """Return one run of these records, offsets from `start`; of one partition, fresh."""
    read = decision_items if topic == "decisions" else alert_items
    first = start or 0
    items = [item for offset, value in enumerate(values, first) for item in read(value, offset)]
    return Run(topic, partition, 1, start, first + len(values), items, FRESH_MS)


async def fill(writer: Writer, decisions: Iterable[Decision | bytes], alerts: Sequence[bytes] = ()) -> list[Answer]:
    """Apply all of it to an empty read model."""
    values = [each if isinstance(each, bytes) else msgspec.json.encode(each) for each in decisions]
    await writer.positions()
    runs = [run_of([], None), run_of(values)]
    runs += [run_of([], None, "alerts"), run_of(alerts, 0, "alerts")] if alerts else []
    return await writer.apply(runs)
