"""Metrics and health over HTTP: one port a process, which answers whatever the process is at."""

import re
import socket
from http.client import HTTPConnection
from threading import Timer

import pytest

from agents.kafka.errors import RefusedError
from agents.observability.metrics_server import Shown, _Server, show
from agents.observability.registry import Area
from agents.settings.metrics_group import MetricsSettings
from agents.worker.supervisor_metrics import SUPERVISOR, ended, started
from tests.kafka.broker import free_ports
from tests.prometheus.system import first_port
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
    ports = [
        settings.port_of(kind) for kind in ("supervisor", "manifest", "withholding", "projection", "webhooks", "toy")
    ]
    assert ports == [9464, 9465, 9466, 9467, 9468, 9469]
    assert show(MetricsSettings(), "manifest", Shown(Area("test", "Test"))) is None


def test_a_taken_port_is_refused_with_the_port_to_use() -> None:
    """The process does not start, and its last line names a number whose ports are all free."""
    first = first_port()
    settings = MetricsSettings(port=first)
    with socket.create_server(("127.0.0.1", first + 1)), socket.create_server(("127.0.0.1", first + 13)):
        with pytest.raises(RefusedError, match="metrics port of the manifest process, is taken") as refused:
            show(settings, "manifest", Shown(Area("test", "Test")), patience=0.0)
        named = int(re.findall(r"TALLYGATE_METRICS__PORT=(\d+)", str(refused.value))[0])
        assert named >= first + 20
        assert (named - first) % 10 == 0
        for offset in range(5):
            socket.create_server(("127.0.0.1", named + offset)).close()


def test_a_port_that_becomes_free_is_taken(caplog: pytest.LogCaptureFixture) -> None:
    """A predecessor about to end does not keep a process from starting: its port is waited for, which is said once."""
    taken = socket.create_server(("127.0.0.1", first_port()))
    settings = MetricsSettings(port=taken.getsockname()[1])
    Timer(0.5, taken.close).start()
    port = show(settings, "supervisor", Shown(Area("test", "Test")), patience=60.0)
    assert port == settings.port
    assert ask(port, "/livez") == (200, "ok\n")
    assert caplog.text.count("waiting for it") == 1


def test_an_address_that_is_not_here_is_refused() -> None:
    """Another mistake than a taken port is refused at once, with the settings that say it."""
    settings = MetricsSettings(port=first_port(), host="192.0.2.1")
    with pytest.raises(RefusedError, match="change TALLYGATE_METRICS__HOST or TALLYGATE_METRICS__PORT"):
        show(settings, "supervisor", Shown(Area("test", "Test")), patience=60.0)


def test_a_scraper_that_hangs_up_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is printed of it, where anything else that fails is."""
    for error, said in ((BrokenPipeError(), False), (ConnectionResetError(), False), (ValueError("made"), True)):
        try:
            raise error
        except (OSError, ValueError):
            _Server.handle_error(_Server.__new__(_Server), None, ("127.0.0.1", 1))
        assert ("ValueError: made" in capsys.readouterr().err) is said


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
