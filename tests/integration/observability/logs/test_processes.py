"""The log of workers, of the supervisor, and of a worker whose settings are wrong, line by line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.kafka.worker import WorkerProcess
from tests.prerequisites import ROOT
from tests.waiting import wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


REFUSED = 78
WORD = "hunter2-hunter2"


@pytest.fixture(scope="module")
def broker(mortal_broker: Broker) -> Broker:
    """Return a broker that may be killed."""
    return mortal_broker


def written(worker: WorkerProcess) -> list[dict[str, Any]]:
    """Return the lines of the log; a test's worker prints lines of its observer as well."""
    return [line for line in worker.lines() if "event" in line]


def test_a_worker_logs_settings_transactions_and_incidents(harness: KafkaHarness) -> None:
    """Every line is JSON with time, level, process and step; a halt has its place as fields."""
    worker = harness.worker(log__level="DEBUG")
    worker.ready()
    harness.produce([b"x"] * 20, 1)
    harness.wait_for_decisions(20)
    harness.produce([b"!dead wrong-shape"] * 150, 1)
    wait_for(harness.halts, "a halt")
    wait_for(lambda: [line for line in written(worker) if line.get("incident") == "halt"], "its line")
    found = written(worker)
    assert [line for line in worker.log().splitlines() if line and not line.startswith("{")] == []
    assert {(line["process"], line["step"]) for line in found} == {("worker", "tests.toy.step:toy")}
    assert found[0]["event"] == "these settings hold"
    assert found[0]["settings"]["kafka"]["prefix"] == harness.topics.prefix
    transactions = [line for line in found if line["event"].startswith("transaction ")]
    assert sum(line.get("applied", 0) for line in transactions) == 20
    assert transactions[-1]["offsets"]["1"] > 20
    assert all(0 < line["seconds"] < 60 and line["outputs"] > 0 for line in transactions)
    (halt,) = [line for line in found if line.get("incident") == "halt"]
    assert (halt["level"], halt["partition"], halt["code"]) == ("error", 1, "ceiling")
    assert halt["offset"] == harness.halts()[0].offset


def test_an_outage_of_kafka_is_two_lines(harness: KafkaHarness) -> None:
    """A broker killed and started again: one line when it went, one when it is back, and judging goes on."""
    worker = harness.worker(worker__session_timeout_ms="30000")
    worker.ready()
    harness.produce([b"x"] * 5, 0)
    harness.wait_for_decisions(5)
    harness.broker.kill()
    wait_for(lambda: "kafka-away" in worker.log(), "the worker to notice")
    harness.broker.start()
    wait_for(lambda: "kafka-back" in worker.log(), "the worker to say that it is back")
    told = [line["incident"] for line in written(worker) if str(line.get("incident")).startswith("kafka-")]
    assert told == ["kafka-away", "kafka-back"]
    (back,) = [line for line in written(worker) if line.get("incident") == "kafka-back"]
    assert back["seconds"] > 0
    assert back["complaints"] > 1
    assert len(written(worker)) < 60
    harness.produce([b"x"] * 5, 0)
    assert len(harness.wait_for_decisions(10)) == 10


def test_a_step_that_raises_is_an_incident_without_the_record(harness: KafkaHarness) -> None:
    """Where and of which type the error was is told; neither record nor text of the error is."""
    worker = harness.worker()
    worker.ready()
    harness.produce([b"!raise"], 2)
    wait_for(harness.halts, "a halt")
    wait_for(lambda: "is halted" in worker.log(), "its line")
    aborts = [line for line in written(worker) if line.get("incident") == "abort"]
    assert [(line["partition"], line["offset"]) for line in aborts] == [(2, 0)] * 3
    assert {each["text"] for line in aborts for each in line["errors"]} == {"withheld: it might quote a record"}
    assert aborts[0]["errors"][0]["at"][-1].startswith("step.py:")
    assert "as told" not in worker.log()


def ended(*command: str, **settings: str) -> tuple[int, list[dict[str, Any]]]:
    """Run a process that must not start; give its exit status and its lines."""
    environment = {**os.environ, **{f"TALLYGATE_{name.upper()}": value for name, value in settings.items()}}
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, [json.loads(line) for line in done.stderr.splitlines()]


SUPERVISOR = ("-c", "from agents.cli.main import main; main(['worker', 'manifest'])")
PROCESSES = {
    "worker": ("-m", "agents.worker.worker", "manifest"),
    "projection": ("-m", "agents.readmodel"),
    "gateway": ("-c", "from agents.cli.main import main; main(['gateway'])"),
    "supervisor": SUPERVISOR,
}


@pytest.mark.parametrize("process", PROCESSES)
def test_wrong_settings_are_one_line_that_names_the_variable(process: str) -> None:
    """Whichever process it is: status 78, one critical line, the variable, and not the password in it."""
    status, lines = ended(*PROCESSES[process], redis__url=f"redis://:{WORD}@localhost/0")
    assert status == REFUSED
    (line,) = lines
    assert (line["level"], line["process"]) == ("critical", process)
    assert "TALLYGATE_REDIS__PASSWORD_FILE" in line["event"]
    assert WORD not in json.dumps(line)


def test_a_poisoned_rule_file_is_one_line_with_its_remedy(harness: KafkaHarness, tmp_path: Path) -> None:
    """A worker refuses rules that cannot be used: file, entry, remedy, and the supervisor gives up as well."""
    rules, secret = tmp_path / "poisoned.toml", tmp_path / "secret"
    rules.write_text('[[limit]]\nid = "mine"\nfrom = 2025-01-01\nuntil = 2024-01-01\n')
    secret.write_text("made-up-secret-of-the-keys")
    settings = {
        "kafka__brokers": harness.broker.address,
        "kafka__prefix": harness.topics.prefix,
        "key__secret_file": str(secret),
        "rules": json.dumps([str(rules)]),
    }
    status, lines = ended(*SUPERVISOR, **settings)
    assert status == REFUSED
    refusals = [line for line in lines if line.get("incident") == "refused"]
    assert [line["process"] for line in refusals] == ["worker"]
    assert "manifest does not start: poisoned.toml: " in refusals[0]["event"]
    assert "mine" in refusals[0]["event"]
    assert "Remedy: " in refusals[0]["event"]
    assert lines[-1]["event"] == "manifest must not run as configured: stopping the others"
