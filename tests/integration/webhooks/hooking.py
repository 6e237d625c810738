"""Senders and receivers of one test, and the audit that compares what was taken with the topic."""

import asyncio
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from agents.gateway.endpoints.views import verdict
from agents.webhooks.looking import WebhookStanding, read_standings
from agents.webhooks.subscriptions import read_webhooks
from stream.decisions import Decision, DecisionData
from tests.integration.publish.installation import TALLYGATE, tallygate
from tests.kafka.broker import free_ports
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import ROOT


class Taken(NamedTuple):
    """A delivery that a receiver took."""

    id: str
    body: str

    @property
    def bill(self) -> str:
        """Return the bill that it is about."""
        return str(msgspec.json.decode(self.body)["bill"])


class Launched:
    """A process of the test; it does not outlive it."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command, env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, cwd=log.parent, stdout=output,
                stderr=output,
            )  # fmt: skip

    def log(self) -> str:
        """Return all that it has said."""
        return self._log.read_text()

    def kill(self) -> None:
        """End it with kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Stop it in order and return its exit status."""
        self.process.terminate()
        return self.process.wait()


class Receiving:
    """A receiver: its folder, and its process, which comes and goes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        (self.port,) = free_ports(1)
        self.behave("well")
        self.process: Launched | None = None

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.port}/decisions?key=of-the-query"

    def behave(self, mode: str) -> None:
        """Say how it behaves from now on."""
        fresh = self.folder / "mode.new"
        fresh.write_text(mode)
        fresh.replace(self.folder / "mode")

    def start(self) -> None:
        """Start it."""
        command = [sys.executable, "-m", "tests.integration.webhooks.receiver_process", str(self.port)]
        self.process = Launched([*command, str(self.folder)], {}, self.folder / "receiver.log")

    def kill(self) -> None:
        """End it with kill -9."""
        if self.process is not None:
            self.process.kill()

    def taken(self) -> list[Taken]:
        """Return what it took, repeats too."""
        file = self.folder / "taken.jsonl"
        # A line that is being written is not whole yet.
        lines = file.read_text().rpartition("\n")[0].splitlines() if file.exists() else []
        return [Taken(**msgspec.json.decode(line)) for line in lines]

    def distinct(self) -> int:
        """Return how many different deliveries it took."""
        return len({each.id for each in self.taken()})


class Hooks:
    """The webhooks of one test."""

    def __init__(self, harness: KafkaHarness) -> None:
        self.harness = harness
        self.folder = harness.folder
        self.file = harness.folder / "webhooks.json"
        self.metrics = free_ports(1)[0] - 4
        self.environment = {
            "TALLYGATE_KAFKA__BROKERS": harness.broker.address,
            "TALLYGATE_KAFKA__PREFIX": harness.topics.prefix,
            "TALLYGATE_WEBHOOKS__FILE": str(self.file),
            "TALLYGATE_WEBHOOKS__ALLOW_HTTP": "true",
            "TALLYGATE_WEBHOOKS__ALLOW_PRIVATE": "true",
            "TALLYGATE_WEBHOOKS__RETRY_SECONDS": "0.05",
            "TALLYGATE_WEBHOOKS__RETRY_SECONDS_LONGEST": "0.5",
            "TALLYGATE_METRICS__PORT": str(self.metrics),
        }
        self.receivers: list[Receiving] = []
        self.sender: Launched | None = None

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        """Run `tallygate webhooks ...` to its end."""
        return tallygate(self.environment, "webhooks", *arguments, folder=self.folder)

    def add(self, name: str, *filters: str) -> Receiving:
        """Add a webhook from the beginning of the topic, to a receiver that does not run yet."""
        receiver = Receiving(self.folder / name)
        self.receivers.append(receiver)
        done = self.command("add", receiver.url, "--name", name, "--after", "beginning", *filters)
        assert done.returncode == 0, done.stderr
        (receiver.folder / "secret").write_bytes(done.stdout)
        return receiver

    def send(self) -> Launched:
        """Start the sender."""
        self.sender = Launched([*TALLYGATE, "webhooks", "run"], self.environment, self.folder / "sender.log")
        return self.sender

    def end(self) -> None:
        """End all processes."""
        if self.sender is not None:
            self.sender.kill()
        for each in self.receivers:
            each.kill()

    def standings(self) -> list[WebhookStanding]:
        """Return how each webhook is, as `list` says it."""
        harness = self.harness
        return asyncio.run(read_standings(harness.connection, harness.topics, read_webhooks(self.file)))

    def wanted(self, passes: Callable[[DecisionData], bool]) -> dict[str, list[str]]:
        """Return the bodies of each bill, in the order of the topic, that pass."""
        bodies: defaultdict[str, list[str]] = defaultdict(list)
        for value in self.harness.decisions():
            decision = msgspec.json.decode(value, type=Decision)
            if passes(decision.data):
                bodies[decision.data.bill].append(msgspec.json.encode(verdict(decision, audit=False)).decode())
        return dict(bodies)


def count_of(bodies: dict[str, list[str]]) -> int:
    """Return how many there are."""
    return sum(map(len, bodies.values()))


def audit(receiver: Receiving, wanted: dict[str, list[str]]) -> dict[str, Any]:
    """Return what is wrong with what a receiver took: nothing, where all is exact."""
    taken = receiver.taken()
    bodies: defaultdict[str, set[str]] = defaultdict(set)
    for each in taken:
        bodies[each.id].add(each.body)
    found: defaultdict[str, list[str]] = defaultdict(list)
    for webhook_id in dict.fromkeys(each.id for each in taken):
        body = next(iter(bodies[webhook_id]))
        found[Taken(webhook_id, body).bill].append(body)
    wrong: dict[str, Any] = {each: (found.get(each), wanted.get(each)) for each in {*found, *wanted}
                             if found.get(each) != wanted.get(each)}  # fmt: skip
    wrong |= {webhook_id: each for webhook_id, each in bodies.items() if len(each) > 1}
    if (receiver.folder / "wrong.jsonl").exists():
        wrong["signature"] = (receiver.folder / "wrong.jsonl").read_text()
    return wrong
