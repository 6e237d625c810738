"""The way over from 0.1 to 0.2, as docs/upgrading.md has it, walked on a system with a history under 0.1.

Its topics, offsets and tables were recorded on a real Kafka by the code of 0.1 (`record`), and are put on one here.
"""

import asyncio
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import pytest

from agents.ops.rebuild.key_check import table_fingerprint
from agents.settings.kafka_group import KafkaSettings
from agents.settings.key_group import KeySettings
from agents.settings.policy_group import PolicySettings
from agents.settings.settings import Settings
from agents.worker.steps import manifest_step, withholding_step
from stream.alerts import AlertData
from stream.decisions import Cause, DecisionData
from stream.partition import partition_of
from tests.integration.ops.rebuild.history import PARTITIONS, T, bill
from tests.integration.ops.rebuild.long_history import LongHistorySystem
from tests.integration.ops.rebuild.rebuild_system import Decided, at_rest, sent_alerts, sent_decisions
from tests.integration.ops.rebuild.recording import RELEASE_0_1, Kept, Recording, put_up, read
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness

pytestmark = pytest.mark.kafka


OTHERWISE: Final = {
    "CHIN0031": ("reject", "origin-excluded"),
    "GREK0023": ("withhold", "daily-limit"),
    "MAIL0015": ("reject", "single-value-over-limit"),
    "PRIC0022": ("withhold", "daily-limit"),
    "T86N0019": ("reject", "filing-error"),
}
"""What 0.2 says of the bills of which it says something else than 0.1."""


class Shipment(NamedTuple):
    """A record of the shipments topic, where it is."""

    partition: int
    kept: Kept


class Judged(NamedTuple):
    """What `tallygate judge` says of a log."""

    decisions: Decided
    alerts: list[AlertData]
    dead_letters: Mapping[int, str]
    """Error code by line."""


@pytest.fixture
def recording() -> Recording:
    """Return what was recorded, under a prefix of its own."""
    return read(RELEASE_0_1, f"old{uuid.uuid4().hex[:4]}")


@pytest.fixture
def old(broker: Broker, recording: Recording, tmp_path: Path) -> Iterator[LongHistorySystem]:
    """Put the system of 0.1 on a broker; no worker runs."""
    with KafkaHarness(broker, recording.prefix, tmp_path) as harness:
        put_up(harness, recording)
        system = LongHistorySystem(harness, tmp_path)
        system.settings |= recording.settings
        Path(system.settings["key__secret_file"]).write_bytes(recording.secret)
        yield system


def shipments(recording: Recording) -> list[Shipment]:
    """Return the shipments in the order in which the broker took them in."""
    topic = f"{recording.prefix}.shipments.v1"
    found = [Shipment(log.partition, kept) for log in recording.logs if log.topic == topic for kept in log.records]
    return sorted(found, key=lambda each: each.kept.millis)


def judge(log: list[Shipment], old: LongHistorySystem, folder: Path) -> Judged:
    """Run `tallygate judge` over a log; a file has no partitions, so what came to a wrong one is a blank line there."""
    right = [partition_of(each.kept.key or b"", PARTITIONS) == each.partition for each in log]
    lines = [each.kept.value or b"" if fits else b"" for each, fits in zip(log, right, strict=True)]
    (folder / "log").write_bytes(b"\n".join(lines) + b"\n")
    words = ["judge", "log", "--enforcement", "withhold", "--secret-file", old.settings["key__secret_file"]]
    call = [sys.executable, "-c", "from agents.cli.main import main; main()", *words]
    done = subprocess.run(
        [*call, "--alerts", "alerts", "--dead-letters", "dead"], cwd=folder, capture_output=True, check=True
    )
    topic = old.harness.topics.shipments

    def placed(cause: Cause) -> Cause:
        partition, kept = log[cause.offset]
        return Cause(topic, partition, kept.offset)

    decisions = [
        msgspec.structs.replace(data, cause=placed(data.cause)) for data in sent_decisions(done.stdout.splitlines())
    ]
    alerts = [
        msgspec.structs.replace(data, cause=placed(data.cause))
        for data in sent_alerts((folder / "alerts").read_bytes().splitlines())
    ]
    dead = [msgspec.json.decode(line) for line in (folder / "dead").read_bytes().splitlines()]
    return Judged(at_rest(decisions), alerts, {letter["line"] - 1: letter["error"] for letter in dead})


def in_order(alerts: list[AlertData], epoch: int) -> list[AlertData]:
    """Return alerts of an epoch in an order of their own, the epoch left out."""
    return sorted((msgspec.structs.replace(each, epoch=0) for each in alerts if each.epoch == epoch), key=repr)


def letters(old: LongHistorySystem) -> Counter[str]:
    """Return the codes of all dead letters, told by the labels of the records."""
    said = old.tallygate("dead-letters", "list", "--json")
    return Counter(msgspec.json.decode(line)["error"] for line in said.splitlines() if line.startswith("{"))


def is_0_2(old: LongHistorySystem) -> bool:
    """Return whether the code at hand makes other tables than 0.1 did, in both steps."""
    made_under, makes = asyncio.run(fingerprints(old)), now(old)
    assert None not in made_under.values()
    return all(made_under[step] not in makes[step] for step in made_under)


async def fingerprints(old: LongHistorySystem) -> dict[str, str | None]:
    """Return under what the recorded tables were made, by step."""
    topics = old.harness.topics
    return {
        step: await table_fingerprint(old.harness.connection, topics.changelog(step), PARTITIONS)
        for step in ("manifest", "withholding")
    }


def now(old: LongHistorySystem) -> dict[str, set[str]]:
    """Return under what the code at hand makes tables, or takes them over, by step."""
    settings = Settings(
        kafka=KafkaSettings(prefix=old.harness.topics.prefix),
        key=KeySettings(secret_file=Path(old.settings["key__secret_file"])),
        policy=PolicySettings(enforcement="withhold"),
    )
    steps = manifest_step(settings, PARTITIONS), withholding_step(settings, PARTITIONS)
    return {step.name: {step.fingerprint, *step.reads} for step in steps}


def refuse(old: LongHistorySystem, step: str) -> None:
    """Start a worker of 0.2: it ends with status 78, says what to run, and changes nothing, so that 0.1 can go on."""
    made_under, counts = asyncio.run(fingerprints(old)), old.counts()
    said = old.refusal(step)
    assert "tallygate rebuild tables --epoch N" in said
    assert str(made_under[step]) in said
    assert asyncio.run(fingerprints(old)) == made_under
    assert old.counts() == counts


def test_the_way_over(old: LongHistorySystem, recording: Recording, tmp_path: Path) -> None:
    """Workers of 0.2 refuse the tables of 0.1; one rebuild from shipments, and all is as `judge` has it now."""
    assert is_0_2(old), "what follows has its meaning only under code whose tables are not those of 0.1"
    for step in ("manifest", "withholding"):
        refuse(old, step)
    log = shipments(recording)
    expected = judge(log, old, tmp_path)
    bring_over(old, recording, log, expected)
    go_on(old, log, expected)


def bring_over(old: LongHistorySystem, recording: Recording, log: list[Shipment], expected: Judged) -> None:
    """Rebuild: each bill is decided on once more as `judge` decides it, and 0.1 is outranked."""
    before, known = old.alerts(), letters(old)
    former = at_rest(old.decisions(1))
    assert len(former) == len(expected.decisions)
    said = old.rebuild("shipments")
    assert f"{recording.prefix}.manifest.e1-changelog" in said
    assert sent_once(old)
    found = at_rest(old.decisions(2))
    assert found == expected.decisions
    told = {place: (data.outcome, data.reason) for place, data in found.items()}
    changed = {place[0]: told[place] for place, data in former.items() if told[place] != (data.outcome, data.reason)}
    assert changed == OTHERWISE
    assert in_order(old.alerts(), 2) == in_order(expected.alerts, 1)
    assert len(old.alerts()) == len(before) + len(expected.alerts)
    right = rightly_sent(log)
    judged = Counter(code for number, code in expected.dead_letters.items() if number in right)
    assert letters(old) - known == judged - known
    assert "outranked by epoch 2" in old.refusal("manifest", kafka__epoch="1", kafka__manifest_epoch="1")


def go_on(old: LongHistorySystem, log: list[Shipment], expected: Judged) -> None:
    """Judge on: an event published again is a repeat, and a new one is judged onto the rebuilt totals."""
    old.workers()
    kept = old.counts()
    gone = T[9].encode()  # 90 days old: a conveyance is forgotten after 45
    known = rightly_sent(log) - expected.dead_letters.keys()
    repeats = [each.kept for number, each in enumerate(log) if number in known]
    old.publish((each.key or b"", each.value or b"") for each in repeats if each.key != gone)
    old.settle()
    assert old.counts() == kept
    old.publish([bill(T[6], "NEXT0034", "Mia", "795.00", 500)])
    old.settle()
    old.stop()
    (data,) = (each for each in old.decisions(2) if each.bill == "NEXT0034")
    assert (data.outcome, data.total_cents) == ("withhold", 1_000)


def rightly_sent(log: list[Shipment]) -> set[int]:
    """Return the numbers of the shipments that came to the partition of their key."""
    return {
        number for number, each in enumerate(log) if each.partition == partition_of(each.kept.key or b"", PARTITIONS)
    }


def sent_once(old: LongHistorySystem) -> bool:
    """Return whether each bill on each conveyance has one decision of the new epoch."""
    decisions: list[DecisionData] = old.decisions(2)
    return len(decisions) == len(at_rest(decisions)) > 0
