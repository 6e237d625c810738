"""Checks of the brokers themselves: reachable, new enough, all there, with room on their disks."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from aiokafka.conn import AIOKafkaConnection

from agents.kafka.connection import Connection
from agents.kafka.describing import LogDirsAsked, TopicsAsked
from agents.kafka.probing import open_connection, versions_of
from agents.ops.doctor.finding import Finding, doubtful, right, unknown, wrong
from agents.settings.settings import Settings

NEEDED: Final = {9: (7, "OffsetFetch"), 28: (3, "TxnOffsetCommit")}
"""Requests that exactly-once judging needs, with the lowest version."""
LOG_DIRS: Final = 35
ROOM_WRONG: Final = 0.05
ROOM_DOUBTFUL: Final = 0.15
GIB: Final = 1 << 30
DENIED: Final = 31
DISK_REMEDY: Final = (
    "make room before the disk is full, or the broker ends and judging stops: use a larger disk, or a lower "
    "retention.ms on the topics that may lose records"
)


def version_findings(versions: dict[int, tuple[int, int]]) -> Iterator[Finding]:
    """Compare what a broker knows with what the engine needs."""
    old = [
        f"{name} version {lowest}" for key, (lowest, name) in NEEDED.items() if versions.get(key, (0, 0))[1] < lowest
    ]
    if old:
        yield wrong("kafka", f"the broker does not know {', '.join(old)}", "use Apache Kafka 2.5 or later")
    else:
        yield right("kafka", "the broker supports stable and fenced offsets")


async def brokers(settings: Settings, connection: Connection) -> AsyncIterator[Finding]:
    """Reach a broker, then each of the cluster, and look at their disks. Raise EngineError where none lets us in."""
    opened = await open_connection(connection)
    try:
        protocol = settings.kafka.security_protocol
        yield right("kafka", f"{opened.host}:{opened.port} accepts this login, {protocol}")
        for finding in version_findings(versions_of(opened)):
            yield finding
        cluster: Any = await opened.send(TopicsAsked([]))
    finally:
        opened.close()
    for node, host, port, _rack in cluster.brokers:
        async for finding in _broker(Connection(f"{host}:{port}", connection.options), node):
            yield finding


async def _broker(connection: Connection, node: int) -> AsyncIterator[Finding]:
    opened = await open_connection(connection)
    try:
        for finding in await _disks(opened, node):
            yield finding
    finally:
        opened.close()


async def _disks(opened: AIOKafkaConnection, node: int) -> list[Finding]:
    if versions_of(opened).get(LOG_DIRS, (0, 0))[1] < 4:
        return [unknown("disk", f"broker {node} does not tell its free disk space; Apache Kafka 3.3 or later does")]
    answer: Any = await opened.send(LogDirsAsked())
    if answer.error_code == DENIED:
        return [unknown("disk", f"broker {node} hides its disk space from this login: grant Describe on the cluster")]
    return [_disk(node, each) for each in answer.results]


def _disk(node: int, folder: Any) -> Finding:
    code, _path, _topics, total, usable, *_tags = folder
    if code:
        return wrong(
            "disk",
            f"a disk of broker {node} has failed (code {code})",
            "see the broker's log; replace the disk",
        )
    if total <= 0:
        return unknown("disk", f"broker {node} does not know the size of its disk")
    share, says = usable / total, f"broker {node}: {usable / GIB:.1f} of {total / GIB:.1f} GiB are free"
    if share < ROOM_WRONG:
        return wrong("disk", says, DISK_REMEDY)
    return doubtful("disk", says, DISK_REMEDY) if share < ROOM_DOUBTFUL else right("disk", says)


async def replicas(settings: Settings, connection: Connection) -> AsyncIterator[Finding]:
    """Look whether every partition of ours has a leader and all its replicas."""
    opened = await open_connection(connection)
    try:
        answer: Any = await opened.send(TopicsAsked([plan.name for plan in settings.kafka.topics().plans()]))
    finally:
        opened.close()
    parts = [(each[1], *part) for each in answer.topics for part in each[3]]
    headless = sorted({f"{name}/{number}" for name, _code, number, leader, *_ in parts if leader < 0})
    short = sorted({f"{name}/{part[1]}" for name, *part in parts if len(part[5]) < len(part[4])})
    if headless:
        yield wrong("replicas", f"without a leader: {_some(headless)}", "start the brokers that are away")
    if short:
        remedy = "start the broker that is away, or wait until it has caught up"
        yield doubtful("replicas", f"with fewer replicas than they should have: {_some(short)}", remedy)
    if parts and not headless and not short:
        yield right("replicas", f"{len(parts)} partitions have a leader and all replicas")
    if parts and min(len(part[5]) for part in parts) < 2:
        remedy = "in production create topics with TALLYGATE_KAFKA__REPLICATION=3"
        yield doubtful("replicas", "some partitions are on one broker only", remedy)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
