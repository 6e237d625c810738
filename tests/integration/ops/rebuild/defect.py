"""A manifest step with a defect, as a release might have: it raises at one bill, and its partition halts."""

from agents.settings.settings import Settings
from agents.worker.steps import manifest_step
from state.manifest.step import ManifestStep
from state.step import Step
from state.table import Overlay
from stream.records import Record, Result
from tests.integration.ops.rebuild.history import POISON


class Defect:
    """The step, but for that."""

    def __init__(self, step: Step) -> None:
        """Take the real step."""
        self.name, self.fingerprint, self.reads = step.name, step.fingerprint, step.reads
        self.programmes, self.fates = step.programmes, step.fates
        self._step = step

    def __call__(self, record: Record, table: Overlay) -> Result:
        """Judge as the step does, or raise."""
        if POISON.encode() in (record.value or b""):
            raise ValueError("a defect")
        return self._step(record, table)

    def sweep(self, table: Overlay, budget: int) -> int:
        """Sweep as the step does."""
        return self._step.sweep(table, budget)


def manifest(settings: Settings, partitions: int) -> Step:
    """Make it; for import by path, under the real step's name."""
    return Defect(manifest_step(settings, partitions))


INFECTED = "from tests.integration.ops.rebuild import defect; defect.infect()"
"""As `sitecustomize`, it gives the defect to every process that Python starts."""


def infect() -> None:
    """Return the defect to the steps of this process."""
    judge = ManifestStep.__call__

    def judge_or_raise(step: ManifestStep, record: Record, table: Overlay) -> Result:
        if POISON.encode() in (record.value or b""):
            raise ValueError("a defect")
        return judge(step, record, table)

    ManifestStep.__call__ = judge_or_raise  # type: ignore[method-assign, assignment]
