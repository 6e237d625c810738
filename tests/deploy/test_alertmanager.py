"""The example for Alertmanager reaches people: by mail and in the chat, once for one cause, with links that work."""

import email
import json
import signal
import socketserver
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kafka.broker import free_ports
from tests.unit.observability.test_rules import ALERTS, WATCHDOG
from tests.waiting import wait_for

pytestmark = pytest.mark.alertmanager

STOP_SECONDS = 60.0
PAGES = sorted(alert["alert"] for alert in ALERTS if alert["labels"]["severity"] == "page")
TICKETS = sorted(alert["alert"] for alert in ALERTS if alert["labels"]["severity"] == "ticket")


@pytest.fixture
def example(root: Path) -> Path:
    """Return the configuration as shipped."""
    return root / "deploy" / "alertmanager" / "alertmanager.yaml"


def amtool(*words: str | Path) -> str:
    """Return what amtool says; raise if it refuses."""
    return subprocess.run(["amtool", *map(str, words)], capture_output=True, text=True, check=True).stdout


def test_example_is_good(example: Path) -> None:
    """Amtool takes the configuration and its template."""
    said = amtool("check-config", example)
    assert "1 templates" in said
    assert "3 receivers" in said


@pytest.mark.parametrize(
    ("receiver", "severity", "names"),
    [("heartbeat", "none", [WATCHDOG]), ("chat-and-mail", "page", PAGES), ("mail", "ticket", TICKETS)],
)
def test_each_alert_has_a_receiver(example: Path, receiver: str, severity: str, names: list[str]) -> None:
    """Pages go to the chat and by mail, tickets by mail, the watchdog to what notices its silence."""
    asked = ("config", "routes", "test", f"--config.file={example}", f"--verify.receivers={receiver}")
    assert names
    for name in {names[0], names[-1]}:
        assert amtool(*asked, f"alertname={name}", f"severity={severity}").strip() == receiver


def test_inhibition_names_alerts_that_exist(example: Path) -> None:
    """Every name in a rule of inhibition is that of an alert, and nothing inhibits what its cause may be."""
    rules = yaml.safe_load(example.read_text("utf-8"))["inhibit_rules"]
    known = {alert["alert"] for alert in ALERTS}
    for rule in rules:
        sources, targets = (named(rule[side]) for side in ("source_matchers", "target_matchers"))
        assert sources | targets <= known
        assert sources & targets == set()
    silenced = {target for rule in rules for target in named(rule["target_matchers"])}
    assert {"TallygateKafkaAway", "TallygatePartitionHalted", "TallygateStaleOffsets"} & silenced == set()


def named(matchers: list[str]) -> set[str]:
    """Return the alerts that matchers name."""
    (matcher,) = matchers
    text = matcher.partition("~")[2] or matcher.partition("=")[2]
    start, _, several = text.strip(' "').partition("(")
    return {start + each for each in several.rstrip(")").split("|")} if several else {start}


class _Mail(socketserver.StreamRequestHandler):
    """One conversation of SMTP; what is sent is kept by the server."""

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        while line := self.rfile.readline().strip().upper():
            if line == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (line := self.rfile.readline()) not in {b".\r\n", b""}:
                    lines.append(line)
                self.server.got.append(email.message_from_bytes(b"".join(lines)))  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if line == b"QUIT" else b"250 ok\r\n")


class _Chat(BaseHTTPRequestHandler):
    """Takes what is posted; the server keeps path and content."""

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.got.append((self.path, content))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Keep quiet."""


@contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[list[Any]]:
    """Serve while the block runs; yield what the server gets."""
    server.got = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.got  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def running(configuration: Path, port: int) -> Iterator[str]:
    """Run a real Alertmanager while the block runs; yield its address."""
    folder = configuration.parent
    address = f"127.0.0.1:{port}"
    command = ["prometheus-alertmanager", f"--config.file={configuration}", f"--storage.path={folder / 'data'}"]
    command += [f"--web.listen-address={address}", "--cluster.listen-address="]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        # A process that has ended never becomes ready.
        wait_for(lambda: process.poll() is not None or answers(f"http://{address}/-/ready"), "Alertmanager to be ready")
        assert process.poll() is None, (folder / "log").read_text("utf-8")
        yield f"http://{address}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)


def answers(address: str) -> bool:
    """Whether a server answers."""
    try:
        with urllib.request.urlopen(address, timeout=30):  # noqa: S310 - our own server
            return True
    except OSError:
        return False


def post(address: str, *names: str) -> None:
    """Let alerts fire, with the annotations of their rules and links as Prometheus makes them."""
    rules = {alert["alert"]: alert for alert in ALERTS}
    alerts = []
    for name in names:
        links = {
            "runbook_url": f"https://docs.example/runbook.md#{name.lower()}",
            "dashboard": "https://grafana.example/d/" + rules[name]["annotations"]["dashboard"].rpartition("/")[2],
        }
        labels = {"alertname": name, "job": "tallygate", **rules[name]["labels"]}
        alerts.append({"labels": labels, "annotations": {**rules[name]["annotations"], **links}})
    request = urllib.request.Request(  # noqa: S310 - as above
        f"{address}/api/v2/alerts", json.dumps(alerts).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
        assert answer.status == 200


def test_alerts_reach_people(example: Path, tmp_path: Path) -> None:
    """Kafka is away: one mail and one word in the chat say so, with links; what follows from it stays silent."""
    with ExitStack() as stack:
        mailbox, chat = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mail), HTTPServer(("127.0.0.1", 0), _Chat)
        mails: list[Any] = stack.enter_context(serving(mailbox))
        said: list[Any] = stack.enter_context(serving(chat))
        here = f"http://127.0.0.1:{chat.server_port}"
        configuration = adapted(example, tmp_path, mailbox.server_address[1], here)
        address = stack.enter_context(running(configuration, *free_ports(1)))
        post(
            address, WATCHDOG, "TallygateKafkaAway", "TallygateNoDecisions", "TallygateReadModelStale", "TallygateDown"
        )
        wait_for(lambda: len(mails) >= 1 and len(said) >= 2, "a mail, a heartbeat and a word in the chat")
    texts = dict(said)
    assert texts.keys() == {"/chat", "/heartbeat"}
    assert [alert["labels"]["alertname"] for alert in texts["/heartbeat"]["alerts"]] == [WATCHDOG]
    (attachment,) = texts["/chat"]["attachments"]
    (mail,) = mails
    body = mail.get_payload(0).get_payload(decode=True).decode()
    for text in (attachment["text"], body):
        assert "What to do: https://docs.example/runbook.md#tallygatekafkaaway" in text
        assert "See: https://grafana.example/d/tallygate-processes" in text
        assert text.count("What to do: ") == 1
    assert mail["Subject"].startswith("PAGE: Kafka does not answer the ")
    assert attachment["title"] == mail["Subject"]


def adapted(example: Path, folder: Path, mail_port: int, chat: str) -> Path:
    """Return the example with servers of the test in place of those that it names, and without its patience."""
    (folder / "templates").mkdir()
    for template in (example.parent / "templates").iterdir():
        (folder / "templates" / template.name).write_text(template.read_text("utf-8"), "utf-8")
    configuration = yaml.safe_load(example.read_text("utf-8"))
    (folder / "chat-url").write_text(f"{chat}/chat")
    configuration["global"] = {
        "smtp_smarthost": f"127.0.0.1:{mail_port}",
        "smtp_from": configuration["global"]["smtp_from"],
        "smtp_require_tls": False,
        "slack_api_url_file": str(folder / "chat-url"),
    }
    configuration["route"]["group_wait"] = "1s"
    (heartbeat,) = (each for each in configuration["receivers"] if each["name"] == "heartbeat")
    heartbeat["webhook_configs"][0]["url"] = f"{chat}/heartbeat"
    path = folder / "alertmanager.yaml"
    path.write_text(yaml.safe_dump(configuration))
    return path
