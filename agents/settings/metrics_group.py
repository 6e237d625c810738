"""Settings of the metrics: where each process serves them."""

from typing import Annotated, Final

from pydantic import Field

from agents.settings.settings_group import SettingsGroup

OFFSETS: Final = {"supervisor": 0, "manifest": 1, "withholding": 2, "projection": 3, "webhooks": 4}
"""Each kind of process serves metrics on the first port plus this number; the gateway uses its HTTP port."""
ELSE: Final = 5
"""Offset of any other step."""
APART: Final = 10
"""Between the numbers of two workers on one host: each takes its number and the five after it."""
LAST_PORT: Final = 65530


class MetricsSettings(SettingsGroup):
    """Where a process serves `/metrics`, `/livez` and `/readyz`. Each kind of process has its own port."""

    port: Annotated[int, Field(ge=0, le=LAST_PORT)] = 0
    """The supervisor's port. The next four ports are those of manifest, withholding, projection and webhooks, in this
    order; 0: none of them serves metrics. On one host give each `tallygate worker` and each `tallygate projection` a
    number of its own, ten apart: 9464, 9474, 9484. A process whose port is taken does not start, and says which number
    is free."""
    host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` for a Prometheus or kubelet elsewhere. Anyone who reaches the port can read."""

    def port_of(self, process: str) -> int | None:
        """Return the port of a kind of process, or None where metrics are off."""
        return self.port + OFFSETS.get(process, ELSE) if self.port else None
