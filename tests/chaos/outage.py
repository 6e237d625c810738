"""The broker killed for minutes under load: who stays, who comes back, which alerts fire and clear, and the audit."""

import re
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import PREREQUISITES, ROOT
from tests.prometheus.server import PrometheusServer
from tests.prometheus.system import System
from tests.redis.server import RedisServer
from tests.waiting import wait_for

RULES = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yaml"))
LOOK_SECONDS = 0.5
BEFORE_SECONDS = 20.0
AFTER_SECONDS = 20.0
CLEAR_SECONDS = 300.0
SETTLE_SECONDS = 300.0
ENDS = 'sum by (step) (tallygate_supervisor_ends_total{how!="in order"})'
JUDGED = "sum(tallygate_decisions_total)"


class Outage(NamedTuple):
    """What came of it."""

    faults: list[str]
    """What the audit found, and what did not come back."""
    fired: dict[str, float]
    """Alerts, and how many seconds after the kill each fired first."""
    cleared: dict[str, float]
    """Pages, and how many seconds after the broker's start each had cleared."""
    back: float
    """Seconds from the broker's start until decisions are committed again."""
    ends: dict[str, float]
    """How often the processes of each step ended by themselves."""


def run(
    system: System, server: PrometheusServer, seconds: float, events_a_second: int, before: float = BEFORE_SECONDS
) -> Outage:
    """Kill the broker of a running system under load for so long, start it, let everything settle, and audit."""
    broker, fired = system.harness.broker, dict[str, float]()
    wait_for(lambda: server.up() == system.processes, "every process to answer a scrape")
    with system.load(events_a_second):
        wait_for(lambda: server.value(JUDGED) > 0, "decisions")
        time.sleep(before)
        judged = server.value(JUDGED)
        broker.kill()
        _look(lambda at: [fired.setdefault(name, at) for name in server.firing()], seconds)
        broker.start()
        started = time.monotonic()
        cleared = dict.fromkeys(server.firing("page"), CLEAR_SECONDS)
        # The workers that come back count from nothing.
        wait_for(lambda: server.query(JUDGED) and _moves(server), "decisions after the outage", CLEAR_SECONDS)
        back = time.monotonic() - started
        _clearing(server, cleared, started)
        ends = {labels["step"]: count for labels, count in server.query(ENDS)}
    _settle(system)
    faults = system.scenario.audit(system.harness)
    faults += [f"{name} did not clear" for name, at in cleared.items() if at >= CLEAR_SECONDS]
    faults += [] if judged else ["nothing was decided before the outage"]
    return Outage(faults, fired, cleared, back, ends)


def _moves(server: PrometheusServer) -> bool:
    return bool(server.query("sum(rate(tallygate_decisions_total[5s])) > 0"))


def _look(look: Callable[[float], object], seconds: float) -> None:
    begun = time.monotonic()
    while (at := time.monotonic() - begun) < seconds:
        look(at)
        time.sleep(LOOK_SECONDS)


def _clearing(server: PrometheusServer, cleared: dict[str, float], started: float) -> None:
    """Note when each page clears, and any that fires only now; wait until none is left."""
    quiet = 0
    while quiet < 3 and time.monotonic() - started < CLEAR_SECONDS:
        firing = server.firing("page")
        for name in firing:
            cleared[name] = CLEAR_SECONDS
        for name, at in cleared.items():
            if name not in firing and at >= CLEAR_SECONDS:
                cleared[name] = time.monotonic() - started
        quiet = 0 if firing else quiet + 1
        time.sleep(LOOK_SECONDS)


def _settle(system: System) -> None:
    wait_for(lambda: system.scenario.behind(system.harness) == 0, "everything to be judged", SETTLE_SECONDS)


def hastened(folder: Path) -> list[Path]:
    """Return the rules with shorter waits, for an outage of seconds: what is asked stays the same."""
    folder.mkdir(exist_ok=True)
    for path in RULES:
        text = re.sub(r"( {8}for: )\w+\n", r"\g<1>1s\n", path.read_text("utf-8"))
        (folder / path.name).write_text(text.replace("> 0) > 20", "> 0) > 4"), "utf-8")
    return sorted(folder.iterdir())


def main(seconds: float, events_a_second: int) -> int:
    """Run the long form with the rules as they are, and report; exit status 1 if anything was lost or did not clear."""
    for piece in ("kafka", "redis", "prometheus"):
        if missing := PREREQUISITES[piece]():
            print(f"no outage without {piece}: {missing}")
            return 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Broker(folder / "kafka").format().start()
        redis = RedisServer(folder).start()
        with ExitStack() as stack:
            stack.callback(broker.stop)
            stack.callback(redis.kill)
            harness = stack.enter_context(KafkaHarness(broker, "outage", folder))
            harness.create_topics(partitions=4)
            system = stack.enter_context(System(harness, redis, workers=2))
            server = stack.enter_context(PrometheusServer(folder / "prometheus", system.targets, RULES))
            outage = run(system, server, seconds, events_a_second)
    return report(outage, seconds)


def report(outage: Outage, seconds: float) -> int:
    """Print what came of it."""
    print(f"broker killed for {seconds:.0f} s; decisions again {outage.back:.0f} s after it was started")
    for name, at in sorted(outage.fired.items(), key=lambda item: item[1]):
        cleared = outage.cleared.get(name)
        gone = "" if cleared is None else f", clear {cleared:.0f} s after the start"
        print(f"  {name} fires after {at:.0f} s{gone}")
    for step, count in sorted(outage.ends.items()):
        print(f"  {step}: {count:.0f} processes ended and were started again")
    for fault in outage.faults:
        print(f"FAULT  {fault}")
    print("NOT EXACT" if outage.faults else "EXACT: every posting, decision, alert and dead letter is there once")
    return 1 if outage.faults else 0
