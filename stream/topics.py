"""The topics and consumer groups of one Tallygate, as data.

All names have one prefix, so that a back-test can run beside the real day under a prefix of its own. All topics have
the same partition count, fixed when they are created: a consignee must stay on its partition.
"""

from typing import Final

import msgspec

DAY_MS: Final = 86_400_000
KEPT_DAYS: Final = 60
"""Days that shipments, postings, decisions and alerts are kept at least."""
LETTER_DAYS: Final = 90
"""Days that dead letters and their notices are kept."""
RECORD_BYTES_MAX: Final = 1_000_000
"""An event is at most 1 MB (DESIGN section 2)."""

TOPIC_RECORD_BYTES: Final = 1_048_576
"""`max.message.bytes` of our topics; dead letters get twice as much, since they have more headers."""


class TopicPlan(msgspec.Struct, frozen=True):
    """What a topic must look like on the broker."""

    name: str
    config: dict[str, str]
    """Topic settings that are set at creation and checked at start."""


class Topics(msgspec.Struct, frozen=True):
    """Names of topics and groups under one prefix and epoch."""

    prefix: str = "tallygate"
    epoch: int = 1
    """Raised when tables are rebuilt: changelogs, groups and postings are then new, the other topics stay."""
    manifest_epoch: int | None = None
    """Epoch of the manifest step and its postings, if only the withholding step was rebuilt; None: the same epoch."""

    @property
    def shipments(self) -> str:
        """Shipment events, key conveyance."""
        return f"{self.prefix}.shipments.v1"

    @property
    def postings(self) -> str:
        """Posting records, key consignee. Each epoch of the manifest step has its own, or bills would count twice."""
        epoch = self.epoch_of("manifest")
        return f"{self.prefix}.postings.v1" if epoch == 1 else f"{self.prefix}.postings.e{epoch}.v1"

    @property
    def decisions(self) -> str:
        """Decisions, key bill."""
        return f"{self.prefix}.decisions.v1"

    @property
    def alerts(self) -> str:
        """Alerts, key consignee."""
        return f"{self.prefix}.alerts.v1"

    @property
    def dead_letters(self) -> str:
        """Shipment records that could not be read, unchanged."""
        return f"{self.prefix}.shipments.v1.dlq"

    @property
    def notices(self) -> str:
        """Notices of dead letters: what is wrong with which event, without the record."""
        return f"{self.prefix}.dead-letter-notices.v1"

    @property
    def control(self) -> str:
        """Tallygate's own compacted topic: watches and halts of partitions, dead letters sent again, rebuilds."""
        return f"{self.prefix}.control.v1"

    def changelog(self, step: str) -> str:
        """Return the changelog topic of a step's tables."""
        return f"{self.group(step)}-changelog"

    def group(self, step: str) -> str:
        """Return the consumer group of a step, which is also its Faust app id."""
        return f"{self.prefix}.{step}.e{self.epoch_of(step)}"

    def epoch_of(self, step: str) -> int:
        """Return the epoch of a step's tables."""
        return self.manifest_epoch or self.epoch if step == "manifest" else self.epoch

    def rebuilt(self, kind: str) -> str:
        """Return the topic where a rebuild of this epoch keeps its `decisions` or `alerts` until it publishes them."""
        return f"{self.prefix}.rebuilt-{kind}.e{self.epoch}"

    def plans(self, days: int = KEPT_DAYS) -> tuple[TopicPlan, ...]:
        """Return all topics of this prefix and epoch with the settings they need, and records kept for so many days."""
        kept = {"cleanup.policy": "delete", "retention.ms": str(days * DAY_MS), **_sized(TOPIC_RECORD_BYTES)}
        compact = {
            "cleanup.policy": "compact",
            "segment.ms": "600000",
            "min.cleanable.dirty.ratio": "0.1",
            "max.compaction.lag.ms": "3600000",
            **_sized(TOPIC_RECORD_BYTES),
        }
        return (
            TopicPlan(self.shipments, {**kept, "message.timestamp.type": "LogAppendTime"}),
            TopicPlan(self.postings, kept),
            TopicPlan(self.decisions, kept),
            TopicPlan(self.alerts, kept),
            TopicPlan(
                self.dead_letters,
                {
                    "cleanup.policy": "delete",
                    "retention.ms": str(LETTER_DAYS * DAY_MS),
                    **_sized(2 * TOPIC_RECORD_BYTES),
                },
            ),
            TopicPlan(
                self.notices,
                {"cleanup.policy": "delete", "retention.ms": str(LETTER_DAYS * DAY_MS), **_sized(TOPIC_RECORD_BYTES)},
            ),
            TopicPlan(self.control, compact),
            TopicPlan(self.changelog("manifest"), compact),
            TopicPlan(self.changelog("withholding"), compact),
        )

    @property
    def record(self) -> tuple[str, ...]:
        """What is judged and what came of it: the topics that are kept for as long as a programme needs."""
        return self.shipments, self.postings, self.decisions, self.alerts

    def rebuild_plans(self) -> tuple[TopicPlan, ...]:
        """Return the topics that a rebuild of this epoch needs for itself, until it is done."""
        compact = self.plans()[-1].config
        kept = {"cleanup.policy": "delete", "retention.ms": "-1", **_sized(TOPIC_RECORD_BYTES)}
        return tuple(
            plan
            for kind in ("decisions", "alerts")
            for plan in (TopicPlan(self.rebuilt(kind), kept), TopicPlan(self.changelog(f"rebuilt-{kind}"), compact))
        )


def _sized(record_bytes: int) -> dict[str, str]:
    return {"max.message.bytes": str(record_bytes)}
