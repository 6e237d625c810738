"""All dashboards, in the order in which you look at them."""

from typing import Final

from deploy.grafana.board import Dashboard
from deploy.grafana.overview import OVERVIEW
from deploy.grafana.pipeline import PIPELINE
from deploy.grafana.processes import PROCESSES
from deploy.grafana.programmes import PROGRAMMES
from deploy.grafana.readers import READERS
from deploy.grafana.today import TODAY
from deploy.grafana.webhooks import WEBHOOK_BOARD
from deploy.grafana.workers import WORKERS

BOARDS: Final[tuple[Dashboard, ...]] = (
    OVERVIEW,
    TODAY,
    PROGRAMMES,
    PIPELINE,
    WORKERS,
    PROCESSES,
    READERS,
    WEBHOOK_BOARD,
)
