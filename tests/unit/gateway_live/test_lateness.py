"""How late a decision reaches a subscriber counts for live deliveries alone, not for what a subscriber missed."""

from contextlib import aclosing

from agents.gateway.http.gateway_metrics import GATEWAY
from tests.redis.events import decision
from tests.unit.gateway_live.logs import Log, reader_of
from tests.unit.gateway_live.test_watches import BILL, Shelf, outcome, watched
from tests.unit.observability.scraping import scrape, value

OLD_MS = 0
"""Timestamp of a record that is a thousand seconds old."""


def counted(kind: str) -> tuple[float, float]:
    """Return how many deliveries were counted so far, and their seconds."""
    text, name = scrape(GATEWAY), "tallygate_gateway_verdict_seconds"
    return value(text, f"{name}_count", kind=kind), value(text, f"{name}_sum", kind=kind)


def grown(kind: str, before: tuple[float, float]) -> tuple[float, float]:
    """Return how many were counted since then, and their seconds."""
    count, seconds = counted(kind)
    return count - before[0], seconds - before[1]


async def test_what_a_resumed_reader_missed_is_not_late() -> None:
    """A reader that resumes from an old id, through Kafka and the window, counts from the window's end on."""
    log = Log(3, 20)
    for _ in range(30):
        for partition in range(3):
            log.write(partition)
    for partition in range(3):
        log.read(partition)
    before = counted("sse")
    async with aclosing(reader_of(log, [0, 0, 0]).blocks()) as blocks:
        missed = b""
        while missed.count(b"data: ") < 90:
            missed += await anext(blocks)
        assert grown("sse", before) == (0, 0)
        log.tell(decision("ACME0001"))
        while b"ACME0001" not in await anext(blocks):
            pass
        assert grown("sse", before) == (1, 0)
        log.tell(decision("ACME0002"), record_ms=OLD_MS)
        while b"ACME0002" not in await anext(blocks):
            pass
        assert grown("sse", before) == (2, log.now_ms / 1_000)


async def test_what_was_there_before_the_gateway_is_not_late() -> None:
    """A feed begins a little before the topic's end: neither readers nor scanners count what it reads of the past."""
    log = Log(1, 100)
    _, screen = await watched(log, Shelf(reached=5))
    sse, scan = counted("sse"), counted("scan")
    async with aclosing(reader_of(log, None).blocks()) as blocks:
        await anext(blocks)
        log.tell(outcome("release", 1), record_ms=OLD_MS, is_past=True)
        assert BILL.encode() in await anext(blocks)
        assert screen.actions[-1] == "GO"
        assert (grown("sse", sse), grown("scan", scan)) == ((0, 0), (0, 0))
        log.tell(outcome("withhold", 2, reason="daily-limit", counts=False))
        assert BILL.encode() in await anext(blocks)
        assert screen.actions[-1] == "HOLD"
        assert (grown("sse", sse), grown("scan", scan)) == ((1, 0), (1, 0))
