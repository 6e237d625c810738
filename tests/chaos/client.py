"""A scenario whose Kafka clients live in a process of their own: librdkafka may end that process, and not the run.

Run as a module it is that process: it takes a place to play, then one order a line, and answers each with a line.
"""

import json
import resource
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.chaos.customs import CustomsScenario
from tests.chaos.scenario import Scenario
from tests.chaos.toy import ToyScenario
from tests.chaos.year.parcels import Plan
from tests.chaos.year.scenario import YearScenario
from tests.kafka.broker import ElsewhereBroker
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import ROOT

KINDS: dict[str, Callable[[int, KafkaHarness, int, str], Scenario]] = {
    "customs": lambda seed, harness, records, _plan: CustomsScenario(seed, harness, records),
    "toy": lambda seed, harness, _records, _plan: ToyScenario(seed, harness),
    "year": lambda _seed, harness, _records, plan: YearScenario(harness, Plan.read(plan)),
}
"""Scenarios by name; each takes a seed, a harness, how many records will be asked of it at most, and a plan as text."""
TRIES = 5
"""How often one order is given to a new process before the run gives up."""


class ClientProcess:
    """A scenario by proxy; a process that dies is started again behind the last records that were acknowledged.

    What it had produced beyond them is produced again: repeats, which the audit reads from the log like all others.
    """

    def __init__(self, kind: str, seed: int, harness: KafkaHarness, records: int, plan: str = "") -> None:
        """Take the place to play; the process is started by the first order."""
        self._place = {
            "kind": kind, "seed": seed, "address": harness.broker.address, "prefix": harness.topics.prefix,
            "partitions": harness.partitions, "folder": str(harness.folder), "records": records,
            "plan": plan,
        }  # fmt: skip
        self.posts = KINDS[kind](seed, harness, records, plan).posts
        self.accounted: Counter[str] = Counter()
        self.met: Counter[str] = Counter()
        self.deaths: Counter[str] = Counter()
        self._fed = 0
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    @property
    def pid(self) -> int:
        """Return the id of the process, 0 where none runs."""
        return self._process.pid if self._process is not None else 0

    def skip(self, count: int) -> None:
        """Pass over records that a former process has produced."""
        self._fed += count

    def feed(self, harness: KafkaHarness, count: int) -> None:  # noqa: ARG002 - the place was told before
        """Have the next records produced."""
        self._ask("feed", count)
        self._fed += count

    def behind(self, harness: KafkaHarness) -> int:  # noqa: ARG002
        """Ask how much is still to be judged."""
        return int(self._ask("behind", 0))

    def audit(self, harness: KafkaHarness) -> list[str]:  # noqa: ARG002
        """Have everything audited."""
        answer = self._ask("audit", 0)
        self.accounted, self.met = Counter(answer["accounted"]), Counter(answer["met"])
        faults: list[str] = answer["faults"]
        return faults

    def rebuild(self, harness: KafkaHarness) -> list[str]:  # noqa: ARG002
        """Have the tables rebuilt."""
        faults: list[str] = self._ask("rebuild", 0)
        return faults

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def _ask(self, order: str, count: int) -> Any:
        with self._lock:
            for _ in range(TRIES):
                answer = self._answer(order, count)
                if answer is not None:
                    if "error" in answer:
                        raise RuntimeError(f"{order}: {answer['error']}")
                    return answer["answer"]
        raise RuntimeError(f"{order}: the clients died {TRIES} times: {dict(self.deaths)}")

    def _answer(self, order: str, count: int) -> dict[str, Any] | None:
        """Return an order to the process, which is started if there is none; None where it died of it."""
        if self._process is None:
            command = [sys.executable, "-m", __name__, json.dumps({**self._place, "skip": self._fed})]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
            )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps([order, count]) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if line.endswith("\n"):
            answer: dict[str, Any] = json.loads(line)
            return answer
        self.close()
        self._process = None
        self.deaths[f"clients died with {process.returncode}"] += 1
        return None


def main() -> None:
    """Take orders until the input ends."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # its death is told, and leaves nothing lying about
    place = json.loads(sys.argv[1])
    harness = KafkaHarness(ElsewhereBroker(place["address"]), place["prefix"], Path(place["folder"]))
    harness.partitions = place["partitions"]
    scenario = KINDS[place["kind"]](place["seed"], harness, place["records"], place["plan"])
    scenario.skip(place["skip"])
    for line in sys.stdin:
        order, count = json.loads(line)
        try:
            answer = {"answer": _done(scenario, harness, order, count)}
        except Exception as error:  # noqa: BLE001 - told to the one who gave the order
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)


def _done(scenario: Scenario, harness: KafkaHarness, order: str, count: int) -> object:
    match order:
        case "feed":
            scenario.feed(harness, count)
            return None
        case "behind":
            return scenario.behind(harness)
        case "rebuild":
            return scenario.rebuild(harness)
        case "audit":
            faults = scenario.audit(harness)
            return {"faults": faults, "accounted": dict(scenario.accounted), "met": dict(scenario.met)}
    raise ValueError(order)


if __name__ == "__main__":
    main()
