"""The order of several partitions: for a rebuild, whose one worker judges records as the broker took them in.

Read as fast as they come, partitions get ahead of each other by days, and what one of them says of today closes the
days of the others. The broker's own time on the records (`LogAppendTime`) says in which order they once came.
"""

from collections.abc import Iterator, Mapping, Sequence
from heapq import heapify, heapreplace
from typing import Any

from aiokafka import TopicPartition

from agents.engine.lane import Lane, RecordSlice

Ends = Mapping[TopicPartition, int]
"""For partitions read to their last stable offset, where the last chunk of them ended."""


def drained(lanes: Sequence[Lane], ends: Ends) -> frozenset[Lane]:
    """Return the lanes that have nothing and that nothing is on the way to."""
    return frozenset(lane for lane in lanes if not lane.waiting and lane.fetched_to == ends.get(lane.partition))


def next_in_order(lanes: Sequence[Lane], empty: frozenset[Lane]) -> list[Lane]:
    """Return the lanes that may be judged together: none while it is not known what comes first.

    A record that needs a transaction of its own gets it when it is its turn.
    """
    if any(not lane.waiting and lane not in empty for lane in lanes):
        return []
    ready = [lane for lane in lanes if lane.waiting]
    if not ready:
        return []
    first = min(ready, key=lambda lane: (lane.next_timestamp, lane.number))
    return [first] if first.at_big_record else ready


def runs(portions: Sequence[tuple[Lane, RecordSlice]]) -> Iterator[tuple[Lane, list[Any]]]:
    """Return records in the order of their time, then partition, as runs of one lane each.

    Ends with the first portion that is used up: what its partition has next may come before the others' records.
    """
    heads = [(portion.records[0].timestamp, lane.number, 0, lane, portion.records) for lane, portion in portions]
    heapify(heads)
    while True:
        _time, number, start, lane, records = heads[0]
        if lane.at_big_record and len(heads) > 1:
            return
        following = min((head[:2] for head in heads[1:3]), default=None)
        end = start + 1
        while end < len(records) and (following is None or (records[end].timestamp, number) < following):
            end += 1
        yield lane, records[start:end]
        if end == len(records):
            return
        heapreplace(heads, (records[end].timestamp, number, end, lane, records))
