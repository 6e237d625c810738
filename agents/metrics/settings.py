"""Settings of the metrics: where each process serves them."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

OFFSETS: Final = {"supervisor": 0, "manifest": 1, "withholding": 2, "projection": 3}
"""Each kind of process serves metrics on the first port plus this number; the gateway uses its HTTP port."""
ELSE: Final = 4
"""Offset of any other step."""


class MetricsSettings(BaseModel):
    """Where a process serves `/metrics`, `/livez` and `/readyz`. Each kind of process has its own port."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: Annotated[int, Field(ge=0, le=65531)] = 0
    """The supervisor's port. The next three ports are those of manifest, withholding and projection, in this order; 0:
    none of them serves metrics."""
    host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` for a Prometheus or kubelet elsewhere. Anyone who reaches the port can read."""

    def port_of(self, process: str) -> int | None:
        """Give the port of a kind of process, or None where metrics are off."""
        return self.port + OFFSETS.get(process, ELSE) if self.port else None
