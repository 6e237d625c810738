"""The dashboard *Pipeline*: whether events become decisions and answers quickly, and where they wait if they do not."""

from typing import Final

from deploy.grafana.board import Dashboard
from deploy.grafana.panels import PARTITION, Panel, Query, added, most, rate

_E: Final = "tallygate_engine_"
_P: Final = "tallygate_projection_"

_DECIDED: Final = (
    Panel(
        "Records a second",
        "Input records judged in committed transactions, by step.",
        "recps",
        (rate(f"{_E}records_total", "step"),),
    ),
    Panel(
        "Records by result",
        "Records a second: applied, stale (older than what is known), or dead letters (they cannot be judged).",
        "recps",
        (rate(f"{_E}records_total", "step, fate"),),
    ),
    Panel(
        "Decisions a second",
        "Decisions a second that the withholding step committed.",
        "cps",
        (Query('sum(rate(tallygate_decisions_total{job=~"$job"}[$__rate_interval]))', "decisions"),),
    ),
    Panel(
        "Age of a record when it is decided",
        "Age of the newest record of the latest transaction at its commit, for the partition with the oldest.",
        "s",
        (most(f"{_E}event_lag_seconds", "step", PARTITION.chosen),),
    ),
    Panel(
        "Lag by partition",
        "Offsets that are committed to the input topic but not judged. Transaction markers count as offsets too.",
        "short",
        (most(f"{_E}lag_offsets", "step, partition", PARTITION.chosen),),
    ),
    Panel(
        "Halted partitions",
        "Partitions that are halted until you run `tallygate resume`.",
        "short",
        (Query(f'sum by (step) (max by (step, partition) ({_E}halted{{job=~"$job"{PARTITION.chosen}}}))', "{{step}}"),),
    ),
)
_ANSWERED: Final = (
    Panel(
        "Answers are behind by",
        "Redis, and so every scanner, has everything that was decided this long ago or earlier.",
        "s",
        (most(f"{_P}behind_seconds", "topic", PARTITION.chosen),),
    ),
    Panel(
        "Not yet in Redis",
        "Offsets of the decisions and alerts topics that are not yet applied in Redis.",
        "short",
        (added(f"{_P}lag_offsets", "topic", PARTITION.chosen),),
    ),
    Panel(
        "Records and changed answers",
        "Records applied in Redis a second, and those of them that changed the answer for a bill.",
        "recps",
        (
            Query(f'sum(rate({_P}records_total{{job=~"$job"}}[$__rate_interval]))', "records"),
            Query(f'sum(rate({_P}changes_total{{job=~"$job"}}[$__rate_interval]))', "changes"),
        ),
    ),
    Panel(
        "Redis or Kafka is away for",
        "How long Redis or Kafka has not answered the projection.",
        "s",
        (most(f"{_P}away_seconds", "instance"),),
    ),
    Panel(
        "Failures, lookups, fills",
        "A second: requests without an answer, lookups of the offsets in Redis, partitions filled from the beginning.",
        "cps",
        tuple(
            Query(f'sum(rate({_P}{name}_total{{job=~"$job"}}[$__rate_interval]))', name)
            for name in ("failures", "placings", "fills")
        ),
    ),
    Panel(
        "Records of other programs",
        "Records a second in the decisions and alerts topics that Tallygate did not write.",
        "recps",
        (Query(f'sum(rate({_P}unreadable_total{{job=~"$job"}}[$__rate_interval]))', "records"),),
    ),
)

PIPELINE: Final = Dashboard(
    "tallygate-pipeline",
    "Tallygate / Pipeline",
    "Do events become decisions quickly, and decisions scanners' answers? If not, where do they wait?",
    "now-1h",
    (("From event to decision", _DECIDED), ("From decision to answer", _ANSWERED)),
    (PARTITION,),
)
