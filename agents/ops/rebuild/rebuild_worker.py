"""One process of a rebuild: `python -m agents.ops.rebuild.rebuild_worker manifest`; the command supervises these."""

import argparse
import asyncio
from typing import Final, NoReturn

import msgspec

from agents.engine.job import Job, job_of
from agents.engine.progress_log import ProgressLog
from agents.ops.rebuild.rebuild_steps import KnownFaultsStep, PublishingStep, read_finals, read_known
from agents.settings.settings import Settings
from agents.worker.steps import manifest_step, withholding_step
from agents.worker.worker import check_topics, end_with, run_worker
from state.step import Step
from stream.records import Sink

ROLES: Final = ("manifest", "withholding", "rebuilt-decisions", "rebuilt-alerts")
"""The two steps, and the two roles that publish their result."""


def make_job(settings: Settings, role: str) -> Job:
    """Check the topics and make a role's job."""
    topics, kind = settings.kafka.topics(), role.removeprefix("rebuilt-")
    aside = [topics.rebuilt("decisions"), topics.rebuilt("alerts")]
    needed = {
        "manifest": [topics.shipments, topics.postings, topics.dead_letters, topics.notices],
        "withholding": [topics.postings, *aside],
    }.get(role, [topics.rebuilt(kind), topics.decisions, topics.alerts])
    partitions = asyncio.run(check_topics(settings, [*needed, topics.control, topics.changelog(role)]))
    if role == "manifest":
        return job_of(_manifest(settings, partitions), topics)
    if role == "withholding":
        job = job_of(withholding_step(settings, partitions), topics)
        sinks = {Sink.DECISIONS: topics.rebuilt("decisions"), Sink.ALERTS: topics.rebuilt("alerts")}
        return msgspec.structs.replace(job, sinks={**job.sinks, **sinks})
    if role == "rebuilt-alerts":
        return job_of(PublishingStep(role, Sink.ALERTS), topics, topics.rebuilt(kind))
    finals = asyncio.run(read_finals(settings.kafka.connection(), topics.rebuilt(kind), partitions))
    return job_of(PublishingStep(role, Sink.DECISIONS, finals), topics, topics.rebuilt(kind))


def _manifest(settings: Settings, partitions: int) -> Step:
    topics = settings.kafka.topics()
    known = asyncio.run(read_known(settings.kafka.connection(), topics, partitions))
    return KnownFaultsStep(manifest_step(settings, partitions), known)


def main() -> NoReturn:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m agents.ops.rebuild.rebuild_worker", description=__doc__)
    parser.add_argument("role", choices=ROLES)
    parser.add_argument("--parent", type=int, help="process id of the command, without which the worker stops")
    arguments = parser.parse_args()
    if arguments.parent:
        end_with(arguments.parent)
    role = arguments.role
    # A rebuild reads partitions at full speed, so only the broker's time tells the order of records across partitions.
    in_order = role == "manifest"
    run_worker(role, lambda settings: make_job(settings, role), lambda *_: (ProgressLog(role), None), in_order=in_order)


if __name__ == "__main__":
    main()
