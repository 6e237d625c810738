"""What is in Redis, and what ought to be: recomputed from the topics in plain Python that shares no code with ours."""

from collections.abc import Iterable
from typing import Any

import msgspec

from stream.alerts import Alert
from stream.decisions import Decision, DecisionData
from tests.redis.server import RedisServer

Contents = dict[str, Any]
"""Key without the prefix -> its value, as Python."""

NOT_COMPARED = ("positions", "changes")
"""They depend on partitions and on the order in which these were read; tests look at them by themselves."""


def contents(server: RedisServer, prefix: str) -> Contents:
    """Return everything kept under a prefix."""
    with server.client() as client:
        names = sorted(client.scan_iter(match=f"{{{prefix}}}:*", count=10_000))
        start = len(f"{{{prefix}}}:v1:")
        return {name.decode()[start:]: _value(client, name) for name in names}


def compared(found: Contents) -> Contents:
    """Leave out what is not compared as a whole."""
    return {name: value for name, value in found.items() if name not in NOT_COMPARED}


def _value(client: Any, name: bytes) -> Any:
    match client.type(name):
        case b"hash":
            return client.hgetall(name)
        case b"zset":
            return dict(client.zrange(name, 0, -1, withscores=True))
        case b"string":
            return client.get(name)
        case b"stream":
            return [fields for _id, fields in client.xrange(name)]
    raise AssertionError(f"{name!r} is of a type that the catalogue does not know")


def recomputed(decisions: Iterable[bytes], alerts: Iterable[bytes] = ()) -> Contents:
    """Return what ought to be there after these decisions and alerts, in whatever order they came."""
    current: dict[tuple[str, str], tuple[DecisionData, bytes]] = {}
    stated: dict[tuple[str, str], int] = {}
    for value in decisions:
        event = msgspec.json.decode(value, type=Decision)
        key = event.data.bill, event.data.conveyance
        micros = round(event.time.timestamp() * 1_000_000)
        stated[key] = min(micros, stated.get(key, micros))
        if key not in current or event.data.rank > current[key][0].rank:
            current[key] = event.data, value
    found: Contents = {}
    totals: dict[str, int] = {}
    for (bill, conveyance), (data, value) in current.items():
        micros = stated[bill, conveyance]
        counts = data.counted_cents if data.counts and data.counted_cents else 0
        place = f"{data.consignee}/{data.day}" if data.day else ""
        rank = f"{data.epoch:016}" + "".join(f"{part:010}" for part in data.rank[1:])
        held = f"{rank}{micros:017d}{counts}|{place}|".encode() + value
        found.setdefault(f"bill:{bill}", {})[conveyance.encode()] = held
        if place:
            totals[place] = totals.get(place, 0) + counts
            found.setdefault(f"bills:{place}", {})[f"{conveyance} {bill}".encode()] = float(micros)
    found |= {f"total:{place}": b"%d" % total for place, total in totals.items() if total}
    for value in alerts:
        alert = msgspec.json.decode(value, type=Alert)
        place = f"alerts:{alert.data.consignee}/{alert.data.day or ''}"
        found.setdefault(place, {}).setdefault(alert.id.encode(), value)
    return found
