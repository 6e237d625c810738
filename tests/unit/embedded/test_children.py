"""The embedded children: settings that keep them on this machine, and a gateway that finds a free port."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from agents.embedded import child_gateway
from agents.embedded.child_gateway import run_gateway
from agents.embedded.child_process import GATEWAY, PROJECTION, settings_of
from agents.embedded.messages import ChildReport, ChildSpec
from agents.settings.settings import Settings


def spec(step: str, *, embedded: bool = True) -> ChildSpec:
    """Return what a child is told."""
    return ChildSpec(
        step, "localhost:1", "demo", 1, 4, "secret", embedded, redis="unix:///r.sock", tokens_file="tokens.json"
    )


@pytest.mark.parametrize("step", [PROJECTION, GATEWAY, "manifest", "withholding"])
def test_gateway_is_reachable_from_this_machine_alone(step: str) -> None:
    """Whatever the environment says, the settings are the system's own, and none of them opens a port to others."""
    settings = settings_of(spec(step))
    assert settings.gateway.host == "127.0.0.1"
    assert settings.kafka.brokers == "localhost:1"
    assert settings.redis.url == "unix:///r.sock"


@pytest.mark.parametrize("step", [PROJECTION, GATEWAY, "manifest"])
def test_missing_checksums_are_pardoned_in_the_embedded_broker_alone(step: str) -> None:
    """Readers ignore missing checksums on the embedded broker only, never on a real Kafka."""
    assert settings_of(spec(step)).kafka.connection().reading["check_crcs"] is False
    assert settings_of(spec(step, embedded=False)).kafka.connection().reading == {}


def test_another_port_is_taken_where_the_first_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where something else listens at the usual port, the gateway takes any, and says which."""
    said: list[ChildReport] = []
    tried: list[int] = []

    @contextlib.asynccontextmanager
    async def serving(settings: Settings) -> AsyncIterator[str]:
        tried.append(settings.gateway.port)
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", settings.gateway.port)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    def say(report: ChildReport) -> None:
        said.append(report)
        raise KeyboardInterrupt

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = settings_of(spec(GATEWAY))
        busy = settings.model_copy(update={"gateway": settings.gateway.model_copy(update={"port": port})})
        monkeypatch.setattr(child_gateway, "serving", serving)
        with pytest.raises(KeyboardInterrupt):
            run_gateway(busy, say)
    assert tried == [port, 0]
    assert said[0].ready
    assert said[0].address.startswith("http://127.0.0.1:")
    assert not said[0].address.endswith(f":{port}")
