"""What the supervisor shows: which steps run, and how their processes ended."""

from collections.abc import Iterable
from typing import Final

from agents.observability.metrics_server import Shown, show
from agents.observability.process_metrics import tell_build
from agents.observability.registry import Area, Label
from agents.settings.metrics_group import MetricsSettings

SUPERVISOR: Final = Area("supervisor", "Supervisor")

HOW: Final = ("in order", "refused", "retry", "signal", "crash")
"""Exit status 0; 78; 75; killed by a signal; any other status."""

_STEP = Label("step", bound="`manifest` and `withholding`")

_running = SUPERVISOR.level("tallygate_supervisor_running", "boolean", "1 while the step's process runs.", _STEP)
_starts = SUPERVISOR.counter(
    "tallygate_supervisor_starts_total", "processes", "Processes started, including the first one.", _STEP
)
_ends = SUPERVISOR.counter(
    "tallygate_supervisor_ends_total",
    "processes",
    "Processes that ended by themselves, by how: status 78 is `refused`, status 75 is `retry`.",
    _STEP,
    Label("how", HOW),
)

_HOW_OF = {0: "in order", 78: "refused", 75: "retry"}


def started(step: str) -> None:
    """Count a process that was started."""
    _running.set(1, step)
    _starts.add(step)


def ended(step: str, status: int) -> None:
    """Count a process that ended by itself; a negative status is a signal."""
    _running.set(0, step)
    _ends.add(step, "signal" if status < 0 else _HOW_OF.get(status, "crash"))


def supervision_begins(steps: Iterable[str]) -> None:
    """Show as 0 whatever can be counted of these steps."""
    for step in steps:
        _running.set(0, step)
        _starts.begin(step)
        for how in HOW:
            _ends.begin(step, how)


def watch_supervisor(settings: MetricsSettings, steps: Iterable[str]) -> None:
    """Show the metrics of a supervisor of these steps, if they are on. Raise RefusedError if the port is taken."""
    if settings.port:
        supervision_begins(steps)
        tell_build(SUPERVISOR)
        show(settings, "supervisor", Shown(SUPERVISOR))
