"""One step in one process: `python -m agents.worker.worker manifest`; `tallygate worker` supervises these."""

import argparse
import asyncio
import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any, Final, NoReturn

import msgspec
from aiokafka.errors import KafkaError

from agents.engine.engine_progress import Observer
from agents.engine.engine_settings import MIB, EngineSettings
from agents.engine.job import Job, job_of
from agents.engine.process import Attach, run_job
from agents.engine.progress_log import ProgressLog
from agents.kafka.errors import EXIT_RETRY, EngineError, RefusedError
from agents.kafka.probing import AwayError, explained
from agents.kafka.topic_admin import HINT, NEEDED, find_topics, problems
from agents.observability.log import begin
from agents.settings.settings import Settings
from agents.worker.rebuild_marks import check_epoch
from agents.worker.watching import watch_worker
from state.step import Step

log = logging.getLogger(__name__)

PR_SET_PDEATHSIG: Final = 1
AWAY_SECONDS: Final = 300.0
"""A worker that finds no Kafka when it starts waits for it this long."""
ASK_SECONDS: Final = 0.5

StepFactory = Callable[[Settings, int], Step]
"""Makes a step of the settings and the partition count."""


def make_manifest(settings: Settings, partitions: int) -> Step:
    """Make the manifest step."""
    from agents.worker.steps import manifest_step  # noqa: PLC0415 - each worker loads its own step only

    return manifest_step(settings, partitions)


def make_withholding(settings: Settings, partitions: int) -> Step:
    """Make the withholding step."""
    from agents.worker.steps import withholding_step  # noqa: PLC0415 - as above

    return withholding_step(settings, partitions)


STEPS: dict[str, StepFactory] = {"manifest": make_manifest, "withholding": make_withholding}


def imported(path: str) -> Any:
    """Return what `module:name` names."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


async def check_topics(settings: Settings, topics: Sequence[str]) -> int:
    """Refuse topics that a worker must not run on; return their partition count."""
    plans = [plan for plan in settings.kafka.topics().plans() if plan.name in topics]
    found = await find_topics(settings.kafka.connection(), topics)
    missing = [f"topic {name} is missing" for name in topics if name not in found]
    wrong = missing or problems(plans, found, NEEDED)
    counts = {found[name].partitions for name in topics if name in found}
    if not wrong and len(counts) > 1:
        wrong = ["partition counts differ: " + ", ".join(f"{name} {found[name].partitions}" for name in topics)]
    if wrong:
        raise RefusedError("; ".join(wrong) + f" at {settings.kafka.brokers}: {HINT}")
    return counts.pop()


def make_job(settings: Settings, step: str, source: str | None) -> Job:
    """Check the topics and make the step by its name or import path."""
    factory: StepFactory = STEPS[step] if step in STEPS else imported(step)
    topics = settings.kafka.topics()
    name = step if step in STEPS else step.rpartition(":")[2]
    needed = [source or (topics.shipments if name == "manifest" else topics.postings)]
    needed += [topics.changelog(name), topics.control, topics.decisions, topics.alerts, topics.dead_letters]
    needed += [topics.notices]
    needed += [topics.postings] if name == "manifest" else []
    if step in STEPS:
        # First of all: of an epoch that was never made or is over, other topics may well be missing.
        asyncio.run(check_topics(settings, [topics.control]))
        asyncio.run(check_epoch(settings.kafka.connection(), topics, name))
    partitions = asyncio.run(check_topics(settings, needed))
    return job_of(factory(settings, partitions), topics, source)


def reached(make: Callable[[], Job], settings: Settings, seconds: float = AWAY_SECONDS) -> Job:
    """Make a job, waiting for Kafka to be there: a worker that is started again and again waits longer each time.

    Raise EngineError: where Kafka does not let us in, or is away for so many seconds.
    """
    until, said = time.monotonic() + seconds, False
    while True:
        try:
            return make()
        except KafkaError as error:
            why = asyncio.run(explained(settings.kafka.connection(), error))
            if not isinstance(why, AwayError) or time.monotonic() > until:
                raise why from None
        if not said:
            log.error("waits for Kafka, %.0f s at most: %s", seconds, why, extra={"incident": "kafka-away"})
            said = True
        time.sleep(ASK_SECONDS)


def engine_settings(settings: Settings, step: str) -> EngineSettings:
    """Return the engine's settings for the worker of one step."""
    worker = settings.worker
    return EngineSettings(
        connection=settings.kafka.connection(),
        transactional_id=f"{settings.kafka.topics().group(step)}-{worker.name}",
        gather_ms=worker.gather_ms,
        lane_bytes=worker.lane_mib * MIB,
        # The setting keeps its first name; a portion is a slice of a lane.
        slice_records=worker.portion_records,
        session_timeout_ms=worker.session_timeout_ms,
        heartbeat_ms=min(3000, worker.session_timeout_ms // 3),
        stall_seconds=worker.stall_seconds,
        stale_offsets_seconds=worker.stale_offsets_seconds,
    )


def end_with(parent: int) -> None:
    """Have the system send SIGTERM when the supervisor is gone, so that no worker runs unwatched; on Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit(EXIT_RETRY)


def run_worker(
    name: str,
    make: Callable[[Settings], Job],
    observed: Callable[[Settings, Job], tuple[Observer, Attach | None]],
    settings: Settings | None = None,
    away_seconds: float = AWAY_SECONDS,
    **engine: Any,
) -> NoReturn:
    """Run a job until SIGTERM or SIGINT, once Kafka is there; exits the process, also where it must not start.

    Workers, those of a rebuild and those of the demo all run here. `settings` default to those of the environment;
    `away_seconds` is how long it waits for Kafka; `engine` are fields of the engine's settings that differ from those.
    """
    try:
        settings = settings or begin("worker", step=name)
        job = reached(partial(make, settings), settings, away_seconds)
    except EngineError as error:
        log.critical("%s does not start: %s", name, error, extra={"incident": "refused"})
        sys.exit(error.status)
    changed = msgspec.structs.replace(engine_settings(settings, job.step.name), **engine)
    run_job(changed, job, *observed(settings, job))


def main() -> NoReturn:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m agents.worker.worker", description=__doc__)
    parser.add_argument("step", help="manifest, withholding, or module:factory")
    parser.add_argument("--source", help="input topic, where it is not the step's own")
    parser.add_argument("--parent", type=int, help="process id of the supervisor, without which the worker stops")
    parser.add_argument("--observer", help="module:factory of an observer")
    parser.add_argument(
        "--away-seconds", type=float, default=AWAY_SECONDS, help="how long to wait for Kafka at the start"
    )
    arguments = parser.parse_args()
    if arguments.parent:
        end_with(arguments.parent)
    step, observer = arguments.step, arguments.observer

    def observed(settings: Settings, job: Job) -> tuple[Observer, Attach | None]:
        return watch_worker(settings.metrics, job.step, imported(observer)() if observer else ProgressLog(step))

    run_worker(
        step, lambda settings: make_job(settings, step, arguments.source), observed, away_seconds=arguments.away_seconds
    )


if __name__ == "__main__":
    main()
