"""Hanging metrics onto a worker: what it calls when it starts."""

from collections.abc import Callable

from agents.engine.engine_progress import EngineProgress, Observer
from agents.engine.process import Attach
from agents.engine.progress_log import Both
from agents.engine.watchdog import Watchdog
from agents.observability.metrics_server import Shown, show
from agents.observability.process_metrics import tell_build
from agents.settings.metrics_group import MetricsSettings
from agents.worker.engine_metrics import ENGINE, EngineMetrics
from state.step import Step


def watch_worker(settings: MetricsSettings, step: Step, observer: Observer) -> tuple[Observer, Attach | None]:
    """Return the observer and what attaches metrics to the engine; just the observer where metrics are off."""
    if not settings.port:
        return observer, None
    metrics = EngineMetrics(step)

    def attach(look: Callable[[], EngineProgress], watchdog: Watchdog) -> None:
        metrics.attached(look, lambda: watchdog.stalled_seconds)
        tell_build(ENGINE)
        show(settings, step.name, Shown(ENGINE, lambda: stalled(watchdog), lambda: unready(look())))

    return Both(observer, metrics), attach


def stalled(watchdog: Watchdog) -> str:
    """Say that there is work and no progress, until the watchdog ends the process; or nothing."""
    seconds = watchdog.stalled_seconds
    return f"no progress for {seconds} s" if seconds >= watchdog.limit else ""


def unready(progress: EngineProgress) -> str:
    """Say what a worker still waits for; or nothing once its partitions are taken over and restored."""
    if progress.settled:
        return ""
    left = sum(each.restore_left for each in dict(progress.partitions).values())
    return f"restoring, {left} offsets left" if left else "partitions are being handed over"
