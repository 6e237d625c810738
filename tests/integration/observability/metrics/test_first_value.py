"""The very first decisions of a worker show on the dashboard: a real Prometheus sees them as a rise from 0."""

import pytest

from agents.engine.engine_progress import EngineProgress
from agents.observability.metrics_server import Shown, show
from agents.settings.metrics_group import MetricsSettings
from agents.worker.engine_metrics import ENGINE
from deploy.grafana.today import TODAY
from tests.prometheus.grafana_variables import concrete
from tests.prometheus.plugin import Start
from tests.prometheus.system import first_port
from tests.unit.observability.test_from_the_start import showing
from tests.unit.withholding.judged_step import JudgedStep, posted
from tests.waiting import wait_for

RELEASES = 40


@pytest.mark.prometheus
def test_today_shows_the_first_releases(prometheus: Start) -> None:
    """All releases come in one transaction, between two scrapes; the panel shows them, and their value."""
    judged_step, progress = JudgedStep(), EngineProgress()
    with showing(judged_step.step) as metrics:
        metrics.attached(lambda: progress, float)
        settings = MetricsSettings(port=first_port())
        show(settings, "withholding", Shown(ENGINE))
        server = prometheus({"withholding": [f"127.0.0.1:{settings.port_of('withholding')}"]})
        samples = 'count_over_time(tallygate_engine_transactions_total{result="committed", step="withholding"}[5m])'
        wait_for(lambda: server.value(samples) >= 2, "two scrapes of a worker that has decided nothing")
        for number in range(1, RELEASES + 1):
            judged_step.post(posted(number, 1_000))
        metrics.committed(progress, 0.01)
        released = 'sum(tallygate_decisions_total{outcome="release", basis="actual"})'
        wait_for(lambda: server.value(released) == RELEASES, "the releases to be scraped")
        scraped = server.value(samples)
        wait_for(lambda: server.value(samples) >= scraped + 2, "two more scrapes")
        for title, at_least in (("Released", 0.9 * RELEASES), ("Value released", 9.0 * RELEASES), ("Withheld", 0.0)):
            (panel,) = [panel for panel in TODAY.panels() if panel.title == title]
            assert server.value(concrete(panel.queries[0].expression, "5m")) >= at_least, title
