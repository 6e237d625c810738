"""What docs/webhooks.md has you type: its receiver checks, drops repeats and prints, with the sender as on the page."""

import os
import re
import signal
import subprocess
import sys
import time
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import msgspec
import pytest

from agents.gateway.endpoints.views import verdict
from agents.webhooks.signing import signed_headers
from stream.decisions import Decision
from tests.integration.gateway_live.decision_writer import DecisionWriter
from tests.kafka.broker import free_ports
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import ROOT
from tests.waiting import wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

PAGE = (ROOT / "docs" / "webhooks.md").read_text("utf-8")
(PROGRAM,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SCRIPT = re.findall(r"```sh\n(.*?)```", PAGE.partition("\n## Try it on one machine\n")[2], re.DOTALL)[0]


@contextmanager
def typed(harness: KafkaHarness, port: int) -> Iterator[Path]:
    """Type the page's lines in a folder with the receiver; yield where its output goes, and end what was started."""
    (harness.folder / "receiver.py").write_text(PROGRAM)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    settings = {"TALLYGATE_KAFKA__BROKERS": harness.broker.address, "TALLYGATE_KAFKA__PREFIX": harness.topics.prefix}
    output = harness.folder / "printed.txt"
    *first, last = SCRIPT.replace("8090", str(port)).strip().splitlines()
    script = "\n".join([*first, f"exec {last}"])
    with output.open("wb") as printed:
        process = subprocess.Popen(
            ["sh", "-eu", "-c", script],
            cwd=harness.folder, stdout=printed, start_new_session=True,
            env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "PORT": str(port), **settings},
        )  # fmt: skip
    try:
        yield output
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        assert process.wait() == 0


def answer_to(port: int, headers: dict[str, str], body: bytes) -> int:
    """Return the status that the receiver answers."""
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/", body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_receiver_of_the_page(harness: KafkaHarness) -> None:
    """The page's receiver prints each decision once, in order, and refuses what is forged, altered or old."""
    DecisionWriter(harness, rate=0).commit(60)
    expected: defaultdict[str, list[str]] = defaultdict(list)
    for value in harness.decisions():
        decision = msgspec.json.decode(value, type=Decision)
        view = verdict(decision, audit=False)
        expected[view.bill].append(f"{view.bill} {view.action} {view.line}")
    (port,) = free_ports(1)
    with typed(harness, port) as output:
        wait_for(lambda: len(output.read_text().splitlines()) >= 60, "60 lines")
        key = b64decode((harness.folder / "secret").read_text().strip().removeprefix("whsec_"))
        body, now = b'{"bill":"ACME9999","action":"GO","line":"forged"}', int(time.time())
        good = signed_headers([key], "dec_new", now, body)
        assert answer_to(port, signed_headers([bytes(32)], "dec_new", now, body), body) == 401
        assert answer_to(port, good, body.replace(b"GO", b"NO")) == 401
        assert answer_to(port, {**good, "webhook-id": "dec_other"}, body) == 401
        assert answer_to(port, signed_headers([key], "dec_new", now - 3_600, body), body) == 401
        assert answer_to(port, {}, body) == 401
        assert [answer_to(port, good, body), answer_to(port, good, body)] == [204, 204]
        wait_for(lambda: len(output.read_text().splitlines()) >= 61, "the last line")
    printed = output.read_text().splitlines()
    assert printed[60:] == ["ACME9999 GO forged"]
    found: defaultdict[str, list[str]] = defaultdict(list)
    for line in printed[:60]:
        found[line.partition(" ")[0]].append(line)
    assert found == expected
