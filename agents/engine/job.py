"""What a worker does: a step, the topic it reads, and where its rows and outputs go."""

from collections.abc import Mapping

import msgspec

from state.step import Step
from stream.records import Sink
from stream.topics import Topics


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A step and the full names of its topics and group."""

    step: Step
    source: str
    """Input topic."""
    group: str
    """Consumer group; also the id of the Faust app."""
    changelog: str
    """Changelog of the step's tables."""
    control: str
    """The project's compacted topic of suspicions and halts."""
    sinks: Mapping[Sink, str]
    """Topic of each sink."""

    def topics(self) -> tuple[str, ...]:
        """Return all topics of the job; their partition counts must be equal."""
        return (self.source, self.changelog, self.control, *self.sinks.values())


def source_of(step: str, topics: Topics) -> str:
    """Return the input topic of a step."""
    return topics.shipments if step == "manifest" else topics.postings


def job_of(step: Step, topics: Topics, source: str | None = None) -> Job:
    """Return the job of a step; its input is shipments for `manifest`, else postings, unless `source` says."""
    return Job(
        step=step,
        source=source or source_of(step.name, topics),
        group=topics.group(step.name),
        changelog=topics.changelog(step.name),
        control=topics.control,
        sinks={
            Sink.POSTINGS: topics.postings,
            Sink.DECISIONS: topics.decisions,
            Sink.ALERTS: topics.alerts,
            Sink.DEAD_LETTERS: topics.dead_letters,
            Sink.NOTICES: topics.notices,
        },
    )
