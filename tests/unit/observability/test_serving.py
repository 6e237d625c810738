"""Metrics and health over HTTP: one port a process, which answers whatever the process is at."""

import logging
import socket
from http.client import HTTPConnection

import pytest

from agents.observability.metrics_server import Shown, show
from agents.observability.registry import Area
from agents.settings.metrics_group import MetricsSettings
from agents.worker.supervisor_metrics import SUPERVISOR, ended, started
from tests.kafka.broker import free_ports
from tests.unit.observability.scraping import scrape, value


def ask(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    """Return status and body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def test_health_and_metrics_are_answered() -> None:
    """What is wrong is said with 503, all else with 200; another path is not found."""
    wrong = ["restoring, 7 offsets left"]
    area = Area("test", "Test")
    area.level("tallygate_test_rows", "rows", "Rows.").set(5)
    port = show(MetricsSettings(port=free_ports(1)[0]), "supervisor", Shown(area, ready=lambda: wrong[0]))
    assert port is not None
    assert ask(port, "/readyz") == (503, "restoring, 7 offsets left\n")
    wrong[0] = ""
    assert ask(port, "/readyz") == (200, "ok\n")
    assert ask(port, "/livez") == (200, "ok\n")
    assert value(ask(port, "/metrics")[1], "tallygate_test_rows") == 5
    assert ask(port, "/metrics", "HEAD") == (200, "")
    assert ask(port, "/")[0] == 404


def test_each_kind_of_process_has_its_port() -> None:
    """The supervisor takes the port of the settings, each step one after it, and 0 shows nothing at all."""
    settings = MetricsSettings(port=9464)
    ports = [settings.port_of(kind) for kind in ("supervisor", "manifest", "withholding", "projection", "toy")]
    assert ports == [9464, 9465, 9466, 9467, 9468]
    assert show(MetricsSettings(), "manifest", Shown(Area("test", "Test"))) is None


def test_a_taken_port_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """It is said in the log, and the process goes on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert show(MetricsSettings(port=port), "supervisor", Shown(Area("test", "Test"))) is None
    assert (caplog.records[-1].levelno, f"no metrics at 127.0.0.1:{port}" in caplog.text) == (logging.ERROR, True)


@pytest.mark.parametrize(
    ("status", "how"), [(0, "in order"), (78, "refused"), (75, "retry"), (-9, "signal"), (1, "crash")]
)
def test_ends_are_counted_by_how(status: int, how: str) -> None:
    """The supervisor counts starts and ends of each step, and knows which step runs."""
    step = f"test {status}"
    started(step)
    assert value(scrape(SUPERVISOR), "tallygate_supervisor_running", step=step) == 1
    ended(step, status)
    text = scrape(SUPERVISOR)
    assert value(text, "tallygate_supervisor_running", step=step) == 0
    assert value(text, "tallygate_supervisor_starts_total", step=step) == 1
    assert value(text, "tallygate_supervisor_ends_total", step=step, how=how) == 1
