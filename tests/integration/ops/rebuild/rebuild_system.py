"""Three days that are judged on a real Kafka, and what is needed to judge them again: settings and commands."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from agents.worker.rebuild_marks import Rebuild, Source
from stream.alerts import AlertData
from stream.decisions import DecisionData
from stream.partition import partition_of
from tests.kafka.dead_members import remove_members
from tests.kafka.harness import KafkaHarness
from tests.unit.manifest.step_in_words import consignee, line
from tests.waiting import wait_for

FIRST: Final = datetime(2025, 5, 5, 15, tzinfo=UTC)
DAYS: Final = 3
DAYS_BETWEEN: Final = 10
"""The last day is long after the first one is closed."""

Event = tuple[bytes, bytes]
"""Key and value."""


class _Decision(msgspec.Struct):
    data: DecisionData


class _Alert(msgspec.Struct):
    data: AlertData


def sent_decisions(values: Iterable[bytes]) -> list[DecisionData]:
    """Return what decisions say."""
    return [msgspec.json.decode(each, type=_Decision).data for each in values]


def sent_alerts(values: Iterable[bytes]) -> list[AlertData]:
    """Return what alerts say."""
    return [msgspec.json.decode(each, type=_Alert).data for each in values]


def event(conveyance: str, kind: str, time: datetime, **data: Any) -> Event:
    """Make an event of a conveyance."""
    attributes = {"specversion": "1.0", "id": "e", "source": "/town", "type": f"tallygate.{kind}.v1"}
    body = {**attributes, "time": time.isoformat(), "data": {"conveyance": conveyance, **data}}
    return conveyance.encode(), msgspec.json.encode(body)


def bill(conveyance: str, number: str, whose: str, amount: str, time: datetime) -> Event:
    """Make a bill of one consignee."""
    return event(
        conveyance, "bill.manifested", time, bill=number, version=1, sequence=1, manifested_at=time.isoformat(),
        mode="air", filing="manifest", consignee=consignee(whose), shipper={"name": "Works", "country": "FR"},
        lines=[line(amount)],
    )  # fmt: skip


def conveyances(day: int) -> tuple[str, str]:
    """Return two trips of a day whose partitions differ, of four, the later trip's being read first."""
    names = [f"air:T{day}-{number}" for number in range(60)]
    first = next(name for name in names if partition_of(name.encode(), 4) == 3 - day % 2)
    return first, next(name for name in names if partition_of(name.encode(), 4) == day % 2)


def three_days() -> Iterator[Event]:
    """Return the events in order: two trips a day bring one person $500 and $400, so the first to arrive counts."""
    for day in range(DAYS):
        time = FIRST + timedelta(days=DAYS_BETWEEN * day)
        first, second = conveyances(day)
        yield bill(first, f"FIRST{day:03}", "A", "500.00", time)
        yield bill(second, f"SECOND{day:03}", "A", "400.00", time)
        yield event(first, "conveyance.arrived", time + timedelta(hours=1), arrived_at=time.isoformat())
        yield event(second, "conveyance.arrived", time + timedelta(hours=2), arrived_at=time.isoformat())
        yield first.encode(), b"no event at all"


class RebuildSystem:
    """A system on a harness: its settings, its workers and commands, and the epoch that is current."""

    def __init__(self, harness: KafkaHarness, folder: Path) -> None:
        """Judge strictly, under a secret of its own."""
        self.harness = harness
        self.folder = folder
        secret = folder / "secret"
        secret.write_bytes(b"a secret of the town")
        self.settings = {
            "key__secret_file": str(secret), "policy__enforcement": "withhold", "log__format": "text",
            "worker__session_timeout_ms": "6000",
        }  # fmt: skip
        self.rebuilt = Rebuild(1, "shipments", 1, "done")

    def workers(self, *steps: str) -> None:
        """Start a worker of each step, and wait until they judge."""
        started = [
            self.harness.worker("0", step, **self.all_settings()) for step in steps or ("manifest", "withholding")
        ]
        for worker in started:
            worker.ready()

    def stop(self) -> None:
        """Stop all workers in order."""
        alive = [worker for worker in self.harness.workers if worker.alive]
        for worker in alive:
            worker.process.terminate()
        assert [worker.wait() for worker in alive] == [0] * len(alive)

    def refusal(self, step: str, **more: str) -> str:
        """Start a worker that must refuse, while no other of its step lives; return what it said."""
        worker = self.harness.worker("0", step, **self.all_settings(**more))
        assert worker.refused() == 78, worker.log()
        assert not any(each.alive for each in self.harness.workers if each.step == step)
        # Else the next command or worker waits for its session, which tests/integration/engine/test_offsets.py proves.
        remove_members(self.harness.connection, [self.rebuilt.topics(self.harness.topics.prefix).group(step)])
        return worker.log()

    def all_settings(self, **more: str) -> dict[str, str]:
        """Return the settings that hold, those of the epoch among them."""
        epoch = {name.removeprefix("TALLYGATE_").lower(): value for name, value in self.rebuilt.settings().items()}
        return {**self.settings, **epoch, **more}

    def publish(self, events: Iterable[Event]) -> None:
        """Send events one after another, each at a millisecond of its own."""
        with self.harness.producer(**{"linger.ms": 0}) as producer:
            for key, value in events:
                producer.produce(self.harness.topics.shipments, value, key, partition_of(key, self.harness.partitions))
                producer.flush()
                time.sleep(0.003)

    def run_history(self) -> None:
        """Publish three days under workers that judge each event before the next comes, as on a usual day."""
        decided = 0
        for day in range(DAYS):
            *before, first, second, bad = list(three_days())[5 * day : 5 * day + 5]
            self.publish([*before, first])
            decided += 3
            self.harness.wait_for_decisions(decided)
            self.publish([second, bad])
            decided += 1
            self.harness.wait_for_decisions(decided)
        wait_for(
            lambda: len(self.harness.values(self.harness.topics.dead_letters)) == DAYS,
            "the dead letters",
            in_vain=self.harness.deserted,
        )

    def decisions(self, epoch: int) -> list[DecisionData]:
        """Return all decisions of an epoch."""
        return [data for data in sent_decisions(self.harness.decisions()) if data.epoch == epoch]

    def alerts(self) -> list[AlertData]:
        """Return all alerts."""
        return sent_alerts(self.harness.values(self.harness.topics.alerts))

    def rebuild(self, source: Source = "shipments", **changes: str) -> str:
        """Change settings and run `tallygate rebuild tables` to its end; return what it says is to be done next."""
        epoch, words, environment = self.command(source, **changes)
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        manifest_epoch = epoch if source == "shipments" else self.rebuilt.manifest_epoch
        self.rebuilt = Rebuild(epoch, source, manifest_epoch, "done")
        self.settings |= changes
        return done.stdout

    def command(self, source: Source = "shipments", **changes: str) -> tuple[int, list[str], dict[str, str]]:
        """Return the next epoch, and the command that makes it, with its environment."""
        epoch = self.rebuilt.epoch + 1
        call = [sys.executable, "-c", "from agents.cli.main import main; main()", "rebuild", "tables"]
        return epoch, [*call, "--epoch", str(epoch), "--from", source], self.environment(**changes)

    def environment(self, **changes: str) -> dict[str, str]:
        """Return the environment of a command: the settings, some of them changed."""
        broker = {"kafka__brokers": self.harness.broker.address, "kafka__prefix": self.harness.topics.prefix}
        settings = {**broker, **self.all_settings(), **changes}
        return {**os.environ, **{f"TALLYGATE_{name.upper()}": value for name, value in settings.items()}}


Decided = dict[tuple[str, str], DecisionData]
"""Decisions by bill and conveyance."""


def at_rest(decisions: Iterable[DecisionData]) -> Decided:
    """Return what holds of each bill on each conveyance, the epoch left out."""
    found: Decided = {}
    for data in decisions:
        place = (data.bill, data.conveyance)
        if place not in found or data.rank > found[place].rank:
            found[place] = data
    return {place: msgspec.structs.replace(data, epoch=0) for place, data in found.items()}
