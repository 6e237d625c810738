"""`tallygate gateway` as a process: it starts only as it should run, ends in order, and speaks TLS."""

import re
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from agents.gateway.assembly import tls_context
from agents.gateway.server import serving
from agents.kafka.errors import RefusedError
from tests.integration.gateway.gateway_setup import GatewayProcess, GatewaySetup
from tests.integration.gateway.wire import head, say
from tests.kafka.broker import free_ports
from tests.kafka.secured import Authority
from tests.waiting import wait_for

MEDIA = "Content-Type: application/cloudevents+json"


@pytest.fixture
def setup(tmp_path: Path) -> GatewaySetup:
    return GatewaySetup(tmp_path)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"gateway": {"tokens_file": "nowhere"}}, "make one with `tallygate token create`"),
    ({"gateway": {"tokens_file": None}}, "no tokens file: make one with `tallygate token create`"),
    ({"gateway": {"tls_certificate": "x.pem"}}, "TALLYGATE_GATEWAY__TLS_KEY"),
    ({"gateway": {"tls_certificate": "x.pem", "tls_key": "y.pem"}}, "x.pem with the key y.pem: No such file"),
    ({"key": {"secret_file": "nowhere"}}, "nowhere: No such file"),
    ({"rules": (Path("nowhere.toml"),)}, "nowhere.toml"),
]


@pytest.mark.parametrize(("changes", "said"), REFUSED, ids=[said for _changes, said in REFUSED])
async def test_what_cannot_work_is_refused(setup: GatewaySetup, changes: dict[str, Any], said: str) -> None:
    """A gateway that must not run as configured refuses to, and says what to mend."""
    settings = setup.settings()
    for group, fields in changes.items():
        before = getattr(settings, group)
        made = type(before).model_validate(before.model_dump() | fields) if isinstance(fields, dict) else fields
        settings = settings.model_copy(update={group: made})
    with pytest.raises(RefusedError, match=re.escape(said)):
        async with serving(settings):
            raise AssertionError("it serves")


def test_refusal_ends_the_process(setup: GatewaySetup) -> None:
    """The command ends with status 78, which tells its supervisor not to try again, and in words."""
    setup.tokens_file.unlink()
    with GatewayProcess(setup, setup.folder / "log") as process:
        assert process.refused() == 78
        assert "make one with `tallygate token create`" in process.log()
        assert "Traceback" not in process.log()


def test_taken_port_is_worth_another_try(setup: GatewaySetup) -> None:
    """A port that is taken ends the process with status 75, in one line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with GatewayProcess(setup, setup.folder / "log", gateway__port=port) as process:
            assert process.refused() == 75
            assert "Traceback" not in process.log()


def all_read(sender: socket.socket) -> bool:
    """Tell whether the process at the other end, on this machine, has read all that was sent to it."""
    here, there = sender.getsockname()[1], sender.getpeername()[1]
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, remote, queues = (line.split()[place] for place in (1, 2, 4))
        if (int(local[-4:], 16), int(remote[-4:], 16)) == (there, here):
            return queues.endswith(":00000000")
    return False


def test_it_ends_in_order(setup: GatewaySetup) -> None:
    """At SIGTERM no connection is taken any more, the request under way is answered, and the status is 0."""
    (port,) = free_ports(1)
    with GatewayProcess(setup, setup.folder / "log", gateway__port=str(port)) as process:
        assert process.address() == f"http://127.0.0.1:{port}"
        with socket.create_connection(("127.0.0.1", port)) as under_way:
            under_way.sendall(head("POST /v1/events", MEDIA, "Content-Length: 2", token=setup.tokens["publish"]))
            under_way.sendall(b"{")
            wait_for(lambda: all_read(under_way), "the request to begin")
            process.process.terminate()

            def refused() -> bool:
                with socket.socket() as probe:
                    return probe.connect_ex(("127.0.0.1", port)) != 0

            wait_for(refused, "the gateway to take no connection")
            assert process.process.poll() is None
            under_way.sendall(b"}")
            under_way.settimeout(60)
            assert under_way.recv(65_536).startswith(b"HTTP/1.1 400 ")
        assert process.process.wait() == 0
        assert process.log().index("stopping") < process.log().index("stopped")


async def test_tls_is_spoken_and_nothing_else(setup: GatewaySetup) -> None:
    """With a certificate it serves HTTPS from TLS 1.2 on and binds cookies to the host; plain HTTP gets nothing."""
    authority = Authority(setup.folder)
    both = authority.server()
    trusting = ssl.create_default_context(cafile=str(authority.ca))
    async with setup.serving(tls_certificate=both, tls_key=both) as client, ClientSession(client._base_url) as browser:
        given = {"token": setup.tokens["scan"]}
        async with browser.post("/session", json=given, ssl=trusting) as response:
            assert response.status == 200
            assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
            assert response.headers["Set-Cookie"].startswith("__Host-tallygate_session=")
            assert "Secure" in response.headers["Set-Cookie"]
        assert (await say(str(client._base_url), head("GET /livez"))).answers == 0
    context = tls_context(setup.settings(tls_certificate=both, tls_key=both).gateway)
    assert context is not None
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
