"""The fault run: a gateway under load; it, Redis and Kafka are killed, and the log of every client is audited."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from stream.decisions import Decision
from tests.integration.gateway.gateway_setup import setup_on
from tests.integration.gateway_live.auditing import (
    Life,
    Row,
    at_end,
    committed,
    compare,
    count_gos,
    lives_of,
    shows_all,
)
from tests.integration.gateway_live.decision_writer import BILLS, bill_of, writing
from tests.integration.gateway_live.listening import Scanner, Subscriber
from tests.integration.gateway_live.live_gateway import until
from tests.integration.readmodel.projections import read_model_on
from tests.kafka.broker import free_ports
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import ROOT
from tests.redis.server import RedisServer

STALE_SECONDS = 3
SCANNERS = 6
FILTERED: dict[str, Callable[[Decision], bool]] = {
    "?conveyance=air:2": lambda decision: decision.data.conveyance == "air:2",
    "?outcome=reject": lambda decision: decision.data.outcome == "reject",
}
"""Queries of subscribers, and what they let through."""


class Faults(NamedTuple):
    """What goes wrong, and for how long; in seconds."""

    between: float = 0.5
    redis_away: float = 1.0
    kafka_away: float = 6.0
    rate: float = 100.0
    """Decisions a second."""


class Report(NamedTuple):
    """What was played and shown, all of it exact."""

    decisions: int
    subscribers: int
    told: int
    connections: int
    verdicts: int
    gos: int
    stale: int
    seconds: float


class Gateway:
    """A gateway process that comes back at the same address."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        (port,) = free_ports(1)
        self.address = f"http://127.0.0.1:{port}"
        self._environment = {**os.environ, **environment, "TALLYGATE_GATEWAY__PORT": str(port)}
        self._log = log
        self.start()

    def start(self) -> None:
        """Start it."""
        command = [sys.executable, "-c", "from agents.cli.main import main; main()", "gateway"]
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output, env=self._environment, cwd=ROOT)

    def kill(self) -> None:
        """End it with kill -9."""
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    def log(self) -> str:
        """Return all that it has said."""
        return self._log.read_text()


class Run:
    """One run; `say` is told how it goes."""

    def __init__(
        self, harness: KafkaHarness, redis: RedisServer, folder: Path, faults: Faults, say: Callable[[str], None]
    ) -> None:
        self._harness = harness
        self._redis = redis
        self._folder = folder
        self._faults = faults
        self._began = time.monotonic()
        self._tell = say

    def _say(self, text: str) -> None:
        self._tell(f"{time.monotonic() - self._began:6.1f} s  {text}")

    async def go(self) -> Report:
        """Play, break, mend, audit. Raise AssertionError if a client was told anything wrong."""
        setup = setup_on(self._folder, self._redis.store(self._harness.topics.prefix), self._harness.broker.address)
        more = {"TALLYGATE_GATEWAY__STALE_SECONDS": str(STALE_SECONDS), "TALLYGATE_GATEWAY__HEARTBEAT_SECONDS": "1"}
        gateway = Gateway({**setup.environment, **more}, self._folder / "gateway.log")
        subscribers = [Subscriber(gateway.address, setup.bearer("audit"), query) for query in ("", "", *FILTERED)]
        scanners = [
            Scanner(gateway.address, setup.bearer("scan"), [bill_of(each) for each in range(first, BILLS, SCANNERS)])
            for first in range(SCANNERS)
        ]
        try:
            with (
                read_model_on(self._harness, self._redis) as read_model,
                writing(self._harness, self._faults.rate) as (writer, seen),
            ):
                read_model.project()
                async with asyncio.TaskGroup() as group:
                    clients = [group.create_task(each.follow()) for each in subscribers]
                    clients += [group.create_task(each.watch()) for each in scanners]
                    await until(lambda: all(each.last for each in subscribers), "the gateway to serve")
                    await self._break(gateway, scanners)
                    writer.ended.set()
                    await asyncio.to_thread(writer.join)
                    rows = await asyncio.to_thread(committed, self._harness)
                    await until(lambda: len(seen.seen_ms) >= len(rows), "the reader beside to see all")
                    lives = lives_of(rows, seen, writer.begun_ms)
                    self._say("subscribers and scanners come to the end")
                    await until(lambda: all(at_end(each, rows) for each in subscribers), "subscribers to be at the end")
                    await until(lambda: all(shows_all(each, lives) for each in scanners), "scanners to show the last")
                    for client in clients:
                        client.cancel()
        except BaseException:
            print(gateway.log()[-6_000:])
            raise
        finally:
            gateway.kill()
        self._say("audit")
        return self._audit(rows, subscribers, scanners, lives)

    async def _break(self, gateway: Gateway, scanners: list[Scanner]) -> None:
        faults, broker = self._faults, self._harness.broker

        async def again(what: str) -> None:
            self._say(what)
            await until(lambda: all(_up_to_date(each) for each in scanners), f"scanners to be up to date: {what}")
            await asyncio.sleep(faults.between)

        async def kill_gateway() -> None:
            gateway.kill()
            await until(lambda: not any(each.open for each in scanners), "the scanners to notice")
            gateway.start()

        await again("all there")
        await kill_gateway()
        await again("gateway killed and started")
        self._redis.kill()
        await asyncio.sleep(faults.redis_away)
        self._redis.start()
        await again(f"Redis killed, away for {faults.redis_away:.0f} s, back and empty")
        with self._redis.client() as client:
            client.flushall()
        await kill_gateway()
        await again("Redis emptied, gateway killed and started")
        await asyncio.to_thread(broker.kill)
        await asyncio.sleep(faults.kafka_away)
        shown = [scanner.last(bill)["action"] for scanner in scanners for bill in scanner.bills]
        assert set(shown) == {"HOLD"}, "Kafka is away"
        await asyncio.to_thread(broker.start)
        await again(f"Kafka killed, away for {faults.kafka_away:.0f} s")
        await asyncio.to_thread(broker.kill)
        await kill_gateway()
        await asyncio.to_thread(broker.start)
        await again("Kafka and gateway killed, both started")

    def _audit(
        self, rows: list[Row], subscribers: list[Subscriber], scanners: list[Scanner], lives: dict[str, Life]
    ) -> Report:
        for subscriber in subscribers:
            compare(rows, subscriber, FILTERED.get(subscriber.query, lambda _: True))
        gos = [count_gos(lives, scanner) for scanner in scanners]
        shown = [verdict for scanner in scanners for _, verdict in scanner.shown]
        return Report(
            len(rows), len(subscribers), sum(len(each.told) for each in subscribers),
            sum(each.connections for each in subscribers), len(shown), sum(gos),
            sum(verdict["stale"] for verdict in shown), time.monotonic() - self._began,
        )  # fmt: skip


def _up_to_date(scanner: Scanner) -> bool:
    """Tell whether the present connection shows every bill, and none as stale."""
    shown = {verdict["bill"]: verdict["stale"] for _, verdict in scanner.shown[scanner.mark :]}
    return scanner.open and not any(shown.values()) and shown.keys() >= set(scanner.bills)
