"""What every process says of itself beside its own area: which build it runs."""

from importlib.metadata import version
from platform import python_version
from typing import Final

from agents.observability.registry import Area, Label, MetricKind
from agents.observability.running_build import is_compiled

_LABELS: Final = (
    Label("version", bound="the version that is installed"),
    Label("python", bound="the version of Python"),
    Label("compiled", ("no", "yes")),
)


def tell_build(area: Area) -> None:
    """Have an area's scrapes say which build is running."""
    metric = area.read(
        MetricKind.GAUGE, "tallygate_build_info", "builds", "Always 1; the labels say what runs.", *_LABELS
    )
    labels = (version("tallygate"), python_version(), "yes" if is_compiled() else "no")
    area.reads(lambda: [metric.family([(labels, 1)])])
