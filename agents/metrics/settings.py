"""Settings of the metrics: where each process of a host shows them."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

OFFSETS: Final = {"supervisor": 0, "manifest": 1, "withholding": 2, "projection": 3}
"""Each kind of process has a port of its own, so many above the first; the gateway shows its own with all else."""
ELSE: Final = 4
"""Offset of a step that is none of ours."""


class MetricsSettings(BaseModel):
    """Where a process shows `/metrics`, `/livez` and `/readyz`; each kind of process on a port of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: Annotated[int, Field(ge=0, le=65531)] = 0
    """The supervisor's port; manifest takes the next, then withholding, projection; 0: none are shown."""
    host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` for a Prometheus or a kubelet on another machine. Whoever reaches it may read."""

    def port_of(self, process: str) -> int | None:
        """Give the port of a kind of process, or None where metrics are off."""
        return self.port + OFFSETS.get(process, ELSE) if self.port else None
