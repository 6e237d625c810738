"""The dashboard *Processes*: which processes run, whether they are ready and alive, and what they cost."""

from typing import Final

from deploy.grafana.board import Dashboard
from deploy.grafana.panels import PROCESS, WORKER, Panel, Query, added, most, rate

_E: Final = "tallygate_engine_"

_ALIVE: Final = (
    Panel(
        "Processes that answer",
        "Processes that answer scrapes, by kind.",
        "short",
        (Query(f'sum by (process) (up{{job=~"$job"{PROCESS.chosen}}})', "{{process}}"),),
    ),
    Panel(
        "Ready",
        "1 while all partitions of a worker are restored, else 0.",
        "bool",
        (most(f"{_E}ready", "step, instance", WORKER.chosen),),
    ),
    Panel(
        "Ends of processes",
        "Workers that ended by themselves a second, by how they ended.",
        "cps",
        (rate("tallygate_supervisor_ends_total", "step, how"),),
    ),
    Panel(
        "Work without progress",
        "How long a worker has had work without progress. At one minute the worker ends itself.",
        "s",
        (most(f"{_E}watchdog_age_seconds", "step, instance", WORKER.chosen),),
    ),
    Panel(
        "Since Kafka was heard",
        "Time since Kafka last answered a fetch, for the partition with the longest time.",
        "s",
        (most(f"{_E}heard_seconds", "step, instance", WORKER.chosen),),
    ),
    Panel(
        "Longest stop of the event loop",
        "Longest time that judging blocked the event loop, since the process began.",
        "s",
        (most(f"{_E}longest_stall_seconds", "step, instance", WORKER.chosen),),
    ),
)
_COST: Final = (
    Panel(
        "Processor",
        "Cores that each process uses.",
        "short",
        (rate("process_cpu_seconds_total", "process, instance", PROCESS.chosen),),
    ),
    Panel(
        "Memory",
        "Resident memory of each process.",
        "bytes",
        (added("process_resident_memory_bytes", "process, instance", PROCESS.chosen),),
    ),
    Panel(
        "Cost of a million decisions",
        "Processor time that each kind of process needs for a million decisions: core seconds used, by decisions made. "
        "When little is decided it is high, because a process that waits uses some time too.",
        "s",
        (
            Query(
                f'1e6 * sum by (process) (rate(process_cpu_seconds_total{{job=~"$job"{PROCESS.chosen}}}'
                "[$__rate_interval])) / on () group_left () "
                '(sum(rate(tallygate_decisions_total{job=~"$job"}[$__rate_interval])) > 0)',
                "{{process}}",
            ),
        ),
        stacked=True,
    ),
)

PROCESSES: Final = Dashboard(
    "tallygate-processes",
    "Tallygate / Processes",
    "Which processes run, are they ready, and what do they cost?",
    "now-1h",
    (("Alive", _ALIVE), ("Cost", _COST)),
    (PROCESS, WORKER),
)
