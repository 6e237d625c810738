"""What is in Redis, and what ought to be, recomputed from the topics in plain Python, not by code of the read model."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from stream.alerts import Alert
from stream.answers import choose
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
        start = len(f"{{{prefix}}}:v2:")
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
        basis = {"actual": 2, "estimated": 1}.get(data.basis or "", 0)
        soon = f"{int(data.outcome != 'closed')}{basis}{data.bill_version:010}{data.day or '00000000'}".replace("-", "")
        held = f"{rank}{micros:017d}{counts}|{place}|{soon}{_list(data)}|".encode() + value
        found.setdefault(f"bill:{bill}", {})[conveyance.encode()] = held
        if place:
            totals[place] = totals.get(place, 0) + counts
            found.setdefault(f"bills:{place}", {})[f"{conveyance} {bill}".encode()] = float(micros)
    found |= _lists(value for _data, value in current.values())
    found |= {f"total:{place}": b"%d" % total for place, total in totals.items() if total}
    for value in alerts:
        alert = msgspec.json.decode(value, type=Alert)
        place = f"alerts:{alert.data.consignee}/{alert.data.day or ''}"
        found.setdefault(place, {}).setdefault(alert.id.encode(), value)
    return found


def _list(data: DecisionData) -> str:
    return "warn-actual" if data.outcome == "warn" and data.basis == "actual" else data.outcome


def _lists(current: Iterable[bytes]) -> Contents:
    """Return the lists of conveyances and days, by each bill's answer."""
    bills: dict[str, list[Decision]] = {}
    for value in current:
        event = msgspec.json.decode(value, type=Decision)
        bills.setdefault(event.data.bill, []).append(event)
    found: Contents = {}
    trips: Counter[tuple[str, bytes]] = Counter()
    for bill, decisions in bills.items():
        answer, _others = choose(decisions)
        assert answer is not None
        data = answer.data
        found.setdefault(f"conveyance:{data.conveyance}/{_list(data)}", {})[bill.encode()] = 0.0
        if data.day:
            part = (ord(bill[-1]) + 10 * ord(bill[-2])) % 32
            found.setdefault(f"day:{data.day}/{_list(data)}/{part}", {})[bill.encode()] = 0.0
            trips[str(data.day), data.conveyance.encode()] += 1
    for (day, conveyance), count in trips.items():
        found.setdefault(f"conveyances:{day}", {})[conveyance] = b"%d" % count
    return found
