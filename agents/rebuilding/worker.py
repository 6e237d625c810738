"""One process of a rebuild: `python -m agents.rebuilding.worker manifest`; the command supervises these."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Mapping
from typing import Final, NoReturn

import msgspec
from aiokafka.errors import KafkaError

from agents.connections.probing import explained
from agents.engine.errors import EngineError
from agents.engine.job import Job, job_of
from agents.engine.reporting import ProgressLog
from agents.engine.running import run_job
from agents.logs.configuring import begin
from agents.rebuilding.gauge import Course, open_gauge
from agents.rebuilding.steps import PublishingStep, QuietStep, read_finals
from agents.settings import Settings
from agents.steps import manifest_step, withholding_step
from agents.worker import check_topics, end_with
from state.step import Step
from stream.records import Sink

log = logging.getLogger(__name__)

ROLES: Final = ("manifest", "withholding", "rebuilt-decisions", "rebuilt-alerts")
"""The two steps, and the two that publish what they have made."""


def make_job(settings: Settings, role: str, former: str | None) -> Job:
    """Check the topics and make a role's job; `former` is the group of the manifest step in the epoch before."""
    topics, kind = settings.kafka.topics(), role.removeprefix("rebuilt-")
    aside = [topics.rebuilt("decisions"), topics.rebuilt("alerts")]
    needed = {
        "manifest": [topics.shipments, topics.postings, topics.dead_letters],
        "withholding": [topics.postings, *aside],
    }.get(role, [topics.rebuilt(kind), topics.decisions, topics.alerts])
    partitions = asyncio.run(check_topics(settings, [*needed, topics.control, topics.changelog(role)]))
    if role == "manifest":
        return job_of(_quiet_manifest(settings, partitions, former), topics)
    if role == "withholding":
        job = job_of(withholding_step(settings, partitions), topics)
        sinks = {Sink.DECISIONS: topics.rebuilt("decisions"), Sink.ALERTS: topics.rebuilt("alerts")}
        return msgspec.structs.replace(job, sinks={**job.sinks, **sinks})
    finals = asyncio.run(read_finals(settings.kafka.connection(), topics.rebuilt(kind), partitions))
    alerts = role == "rebuilt-alerts"
    step = PublishingStep(role, Sink.ALERTS if alerts else Sink.DECISIONS, None if alerts else finals)
    return job_of(step, topics, topics.rebuilt(kind))


def _quiet_manifest(settings: Settings, partitions: int, former: str | None) -> Step:
    step = manifest_step(settings, partitions)
    if former is None:
        return step
    course = Course("", former, settings.kafka.topics().shipments)

    async def judged() -> Mapping[int, int]:
        async with open_gauge(settings.kafka.connection(), partitions) as gauge:
            return await gauge.committed(course)

    return QuietStep(step, asyncio.run(judged()))


def run_role(role: str, former: str | None) -> NoReturn:
    """Run one process of a rebuild until SIGTERM or SIGINT; exits the process."""
    try:
        settings = begin("worker", step=role)
    except EngineError as error:
        log.critical("%s does not start: %s", role, error, extra={"incident": "refused"})
        sys.exit(error.status)
    try:
        job = make_job(settings, role, former)
    except EngineError as error:
        log.critical("%s does not start: %s", role, error, extra={"incident": "refused"})
        sys.exit(error.status)
    except KafkaError as error:
        why = asyncio.run(explained(settings.kafka.connection(), error))
        log.critical("%s does not start: %s", role, why, extra={"incident": "refused"})
        sys.exit(why.status)
    # Partitions are read at full speed here: only the broker's time tells what came before what.
    engine = msgspec.structs.replace(settings.engine(job.step.name), in_order=role == "manifest")
    run_job(engine, job, ProgressLog(role))


def main() -> NoReturn:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m agents.rebuilding.worker", description=__doc__)
    parser.add_argument("role", choices=ROLES)
    parser.add_argument("--former", help="group of the manifest step in the epoch before")
    parser.add_argument("--parent", type=int, help="process id of the command, without which the worker stops")
    arguments = parser.parse_args()
    if arguments.parent:
        end_with(arguments.parent)
    run_role(arguments.role, arguments.former)


if __name__ == "__main__":
    main()
