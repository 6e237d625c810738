"""What the supervisor shows: which steps run, and how their processes ended."""

from typing import Final

from agents.metrics.process import tell_build
from agents.metrics.registry import Area, Label
from agents.metrics.serving import Shown, show
from agents.metrics.settings import MetricsSettings

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
    for how in HOW:
        _ends.add(step, how, amount=0)  # a rate needs a first sample


def ended(step: str, status: int) -> None:
    """Count a process that ended by itself; a negative status is a signal."""
    _running.set(0, step)
    _ends.add(step, "signal" if status < 0 else _HOW_OF.get(status, "crash"))


def watch_supervisor(settings: MetricsSettings) -> None:
    """Show the supervisor's metrics, if they are on."""
    if settings.port:
        tell_build(SUPERVISOR)
        show(settings, "supervisor", Shown(SUPERVISOR))
