"""The demo's gateway: a token for one day on this machine, and settings that reach nobody else."""

import asyncio
import contextlib
import socket
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.demo import demo_gateway as demo_serving
from agents.demo.children import ChildReport, WorkerSpec
from agents.demo.demo_gateway import LIFE, make_demo_token, run_demo_gateway
from agents.demo.demo_worker import GATEWAY, PROJECTION, settings_of
from agents.gateway.http.tokens import Token, Tokens, digest, read_tokens
from agents.settings.settings import Settings

NOW = datetime.now(UTC)


def spec(step: str, *, embedded: bool = True) -> WorkerSpec:
    """Return what a process of the demo is told."""
    return WorkerSpec(
        step, "localhost:1", "demo", 1, 4, "secret", embedded, redis="unix:///r.sock", tokens_file="tokens.json"
    )


def test_token_is_good_for_a_day_and_may_not_publish(tmp_path: Path) -> None:
    """It opens the pages and the questions, not the topics, and ends the next day."""
    text = make_demo_token(tmp_path / "tokens.json")
    tokens = Tokens(tmp_path / "tokens.json", lambda: NOW)
    found = tokens.find(text)
    assert isinstance(found, Token)
    assert found.allowed() == {"scan", "audit", "plan"}
    ends = found.expires
    assert NOW < ends <= datetime.now(UTC) + LIFE
    late = Tokens(tmp_path / "tokens.json", lambda: ends + timedelta(seconds=1))
    assert late.find(text) == "expired"


def test_token_fits_the_address_and_is_kept_as_a_digest(tmp_path: Path) -> None:
    """The page's address fits a line of 80 columns; the file holds no token and is its owner's alone."""
    file = tmp_path / "tokens.json"
    text = make_demo_token(file)
    assert len(f"scan     http://127.0.0.1:65535/#{text}") < 80
    assert text not in file.read_text()
    assert [token.sha256 for token in read_tokens(file)] == [digest(text)]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_two_demos_have_two_tokens(tmp_path: Path) -> None:
    """The token of one demo opens no other."""
    texts = {make_demo_token(tmp_path / f"{number}.json") for number in range(5)}
    assert len(texts) == 5


@pytest.mark.parametrize("step", [PROJECTION, GATEWAY, "manifest", "withholding"])
def test_gateway_is_reachable_from_this_machine_alone(step: str) -> None:
    """Whatever the environment says, the settings are the demo's own, and none of them opens a port to others."""
    settings = settings_of(spec(step))
    assert settings.gateway.host == "127.0.0.1"
    assert settings.kafka.brokers == "localhost:1"
    assert settings.redis.url == "unix:///r.sock"


@pytest.mark.parametrize(("step", "checked"), [(PROJECTION, False), (GATEWAY, False), ("manifest", True)])
def test_missing_checksums_are_pardoned_in_the_embedded_broker_alone(step: str, checked: bool) -> None:
    """Readers of the embedded broker pass over its markers' missing checksums; on a real Kafka nobody does."""
    assert settings_of(spec(step)).kafka.options.get("check_crcs", True) is checked
    assert settings_of(spec(step, embedded=False)).kafka.options.get("check_crcs", True)


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
        monkeypatch.setattr(demo_serving, "serving", serving)
        with pytest.raises(KeyboardInterrupt):
            run_demo_gateway(busy, say)
    assert tried == [port, 0]
    assert said[0].ready
    assert said[0].address.startswith("http://127.0.0.1:")
    assert not said[0].address.endswith(f":{port}")
