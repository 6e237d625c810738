"""Scanners: thousands of open WebSockets on one gateway process, and how soon each sees a committed decision."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import uvloop
from confluent_kafka import Producer

from stream.partition import partition_of
from tests.bench.kafka_bench import KafkaBench
from tests.bench.latency import percentile
from tests.bench.processor import Shares
from tests.bench.report import Figure
from tests.bench.scanning import BenchScanner, head_of
from tests.integration.gateway.gateway_setup import setup_on
from tests.integration.gateway_live.faults import Gateway
from tests.integration.readmodel.projections import read_model_on
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import ROOT
from tests.redis.events import decision
from tests.redis.server import RedisServer

GOAL_MS: Final = 50
GOAL_SCANNERS: Final = 2_000
A_TRANSACTION: Final = 6
"""Decisions in one, at the least: what the engine commits together at 300 a second."""
CONNECTING: Final = 50
"""Scanners that connect at a time."""
WAIT_SECONDS: Final = 120.0
LIMITS: Final = {
    "TALLYGATE_GATEWAY__REQUESTS_PER_SECOND": "10000",
    "TALLYGATE_GATEWAY__REQUESTS_BURST": "10000",
}


class ScannersRun(NamedTuple):
    """What one run gave."""

    taken_ms: list[float]
    """For each decision from its commit acknowledged to its verdict received, in rising order; below 0: sooner."""
    kib_a_scanner: float
    shares: dict[str, float]


def bill_of(number: int) -> str:
    """Return a scanner's bill."""
    return f"ACME{number:06d}"


def decision_of(number: int, scanners: int) -> tuple[str, bytes]:
    """Return decision `number` with its bill: in each round every bill is decided otherwise than before."""
    bill, turn = bill_of(number % scanners), number // scanners
    outcome = "withhold" if turn % 2 else "release"
    return bill, msgspec.json.encode(decision(bill, rank=(1, 1, 1, 1 + turn), outcome=outcome, counts=not turn % 2))


def commit(brokers: str, topic: str, partitions: int, scanners: int, first: int, count: int, rate: int) -> list[float]:
    """Commit decisions at a rate; gives for each when its commit was acknowledged (monotonic clock)."""
    producer = Producer(
        {"bootstrap.servers": brokers, "transactional.id": f"{topic}-bench", "linger.ms": 0, "retry.backoff.ms": 5}
    )
    producer.init_transactions(30)
    begun, done, acknowledged = time.monotonic(), 0, []
    while done < count:
        time.sleep(max(0.0, begun + (done + A_TRANSACTION) / rate - time.monotonic()))
        due = min(count, max(done + A_TRANSACTION, int((time.monotonic() - begun) * rate)))
        producer.begin_transaction()
        for number in range(first + done, first + due):
            bill, value = decision_of(number, scanners)
            producer.produce(topic, value, bill.encode(), partition_of(bill.encode(), partitions))
        producer.commit_transaction(30)
        acknowledged += [time.monotonic()] * (due - done)
        done = due
    return acknowledged


def run(kafka_bench: KafkaBench, scanners: int, seconds: float, rate: int) -> ScannersRun:
    """Open scanners, commit decisions on their bills, and look when each was told."""
    with tempfile.TemporaryDirectory() as name, kafka_bench.harness() as harness:
        folder = Path(name)
        redis = RedisServer(folder).start()
        try:
            with read_model_on(harness, redis) as read_model:
                setup = setup_on(folder, redis.store(harness.topics.prefix), harness.broker.address)
                gateway = Gateway({**setup.environment, **LIMITS}, folder / "gateway.log")
                try:
                    projection = read_model.project()
                    commit(
                        harness.broker.address,
                        harness.topics.decisions,
                        harness.partitions,
                        scanners,
                        0,
                        scanners,
                        10**6,
                    )
                    read_model.settle()
                    processes = {"gateway": gateway.pid, "projection": projection.pid}
                    scan = _Scan(harness, gateway, head_of(gateway.address, setup.tokens["scan"]), processes)
                    return uvloop.run(scan.run(scanners, seconds, rate))
                finally:
                    gateway.kill()
        finally:
            redis.kill()


class _Scan:
    def __init__(self, harness: KafkaHarness, gateway: Gateway, head: bytes, processes: dict[str, int]) -> None:
        self._harness = harness
        self._gateway = gateway
        self._head = head
        self._processes = processes

    async def run(self, scanners: int, seconds: float, rate: int) -> ScannersRun:
        await self._served()
        before = _resident_kib(self._gateway.pid)
        opened = await self._open(scanners)
        memory = (_resident_kib(self._gateway.pid) - before) / scanners
        shares = Shares(self._processes)
        acknowledged = await self._commit(scanners, int(rate * seconds), rate)
        used = shares.end()
        turns = -(-len(acknowledged) // scanners)
        await self._until(lambda: sum(len(each.changes) for each in opened) >= len(acknowledged), "all verdicts")
        taken = []
        for number, moment in enumerate(acknowledged):
            came, action = opened[number % scanners].changes[number // scanners]
            if action != ("GO" if number // scanners % 2 else "HOLD"):
                raise RuntimeError("a scanner was shown another decision than the one committed")
            taken.append((came - moment) * 1_000)
        if any(each.lost for each in opened) or max(len(each.changes) for each in opened) > turns:
            raise RuntimeError("a scanner was cut off, or told more than was decided")
        for each in opened:
            each.close()
        return ScannersRun(sorted(taken), memory, used)

    async def _served(self) -> None:
        host, _, port = self._gateway.address.removeprefix("http://").partition(":")
        self._place = host, int(port)

        async def answers() -> bool:
            try:
                _reader, writer = await asyncio.open_connection(*self._place)
            except OSError:
                return False
            writer.close()
            return True

        deadline = time.monotonic() + WAIT_SECONDS
        while not await answers():
            if time.monotonic() > deadline:
                raise TimeoutError(f"the gateway does not serve: {self._gateway.log()[-2_000:]}")
            await asyncio.sleep(0.1)

    async def _open(self, scanners: int) -> list[BenchScanner]:
        loop, opened = asyncio.get_running_loop(), []
        for number in range(scanners):
            _, made = await loop.create_connection(partial(BenchScanner, self._head, bill_of(number)), *self._place)
            opened.append(made)
            if number % CONNECTING == 0:
                await self._until(lambda: all(each.ready for each in opened), "scanners to be up to date")
        await self._until(lambda: all(each.ready for each in opened), "scanners to be up to date")
        return opened

    async def _until(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited for {what}: {self._gateway.log()[-2_000:]}")
            await asyncio.sleep(0.05)

    async def _commit(self, scanners: int, count: int, rate: int) -> list[float]:
        """Commit in a process of its own, so that its clock is not ours to delay."""
        arguments = [self._harness.broker.address, self._harness.topics.decisions, self._harness.partitions]
        arguments += [scanners, scanners, count, rate]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.scanners", json.dumps(arguments), stdout=subprocess.PIPE, cwd=ROOT
        )
        said, _ = await process.communicate()
        found: list[float] = json.loads(said)
        return found


def _resident_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def measure(kafka_bench: KafkaBench, scanners: int, seconds: float, runs: int, rate: int = 300) -> Iterator[Figure]:
    """Yield latency, memory and shares of the processor."""
    played = [run(kafka_bench, scanners, seconds, rate) for _ in range(runs)]
    words = f"{scanners:,} open scanners, {rate} decisions/s for {seconds:g} s, commit acknowledged to verdict received"
    for per_cent in (50, 99):
        samples = tuple(percentile(each.taken_ms, per_cent) for each in played)
        yield Figure(f"verdict p{per_cent}", "ms", samples, words, GOAL_MS if per_cent == 99 else None, at_most=True)
    counted = tuple(float(scanners) for _ in played)
    yield Figure("open scanners", "scanners", counted, "on one gateway process, none cut off", GOAL_SCANNERS)
    yield Figure("  memory", "KiB a scanner", tuple(each.kib_a_scanner for each in played), "the gateway's resident")
    for name in played[0].shares:
        shares = tuple(each.shares[name] * 100 for each in played)
        yield Figure(f"  {name}", "% of a core", shares, "processor time while decisions are committed")


if __name__ == "__main__":
    print(json.dumps(commit(*json.loads(sys.argv[1]))))
