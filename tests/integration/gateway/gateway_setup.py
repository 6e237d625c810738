"""A gateway in the test's own loop or as a process, on a real Redis and a real Kafka, and tokens that open it."""

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientSession

from agents.gateway.http.gateway_metrics import GATEWAY
from agents.gateway.http.parts import now
from agents.gateway.http.token_file import create_token
from agents.gateway.http.tokens import SCOPES, Scope
from agents.gateway.server import serving
from agents.readmodel.store import StoreSettings
from agents.settings.settings import Settings
from tests.prerequisites import ROOT
from tests.unit.observability.scraping import born_late, scrape
from tests.waiting import ended, wait_for

NOWHERE = "127.0.0.1:9"
"""No process listens there."""
SECRET = "a secret of at least sixteen bytes"


class GatewaySetup:
    """Settings of one gateway, and its tokens."""

    def __init__(
        self, folder: Path, brokers: str = NOWHERE, prefix: str = "t", redis: str = f"redis://{NOWHERE}/0"
    ) -> None:
        self.folder = folder
        self.tokens_file = folder / "tokens.json"
        secret = folder / "secret"
        secret.write_text(SECRET)
        self.environment = {
            "TALLYGATE_KAFKA__BROKERS": brokers,
            "TALLYGATE_KAFKA__PREFIX": prefix,
            "TALLYGATE_REDIS__URL": redis,
            "TALLYGATE_KEY__SECRET_FILE": str(secret),
            "TALLYGATE_GATEWAY__TOKENS_FILE": str(self.tokens_file),
            "TALLYGATE_GATEWAY__PORT": "0",
        }
        self.tokens: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        for scope in SCOPES:
            self.make_token(scope, [scope])

    def make_token(
        self,
        name: str,
        scopes: Sequence[Scope],
        days: float = 1.0,
        now: datetime | None = None,
        sources: Sequence[str] = (),
    ) -> str:
        """Add a token; it is remembered under its name."""
        moment = now or datetime.now(UTC)
        life = timedelta(days=days)
        token, text = create_token(self.tokens_file, name, scopes, moment, life, secrets.token_bytes, sources)
        self.tokens[name], self.ids[name] = text, token.id
        return text

    def settings(self, **gateway: Any) -> Settings:
        """Return the settings, those of the gateway extended."""
        groups: dict[str, dict[str, Any]] = {}
        for variable, value in self.environment.items():
            group, _, field = variable.removeprefix("TALLYGATE_").lower().partition("__")
            if field:
                groups.setdefault(group, {})[field] = value
            else:
                groups[group] = json.loads(value)
        groups["gateway"] |= gateway
        return Settings(**groups)  # type: ignore[arg-type]

    def bearer(self, name: str) -> dict[str, str]:
        """Return the header that a token goes into."""
        return {"Authorization": f"Bearer {self.tokens[name]}"}

    @asynccontextmanager
    async def serving(self, clock: Callable[[], datetime] = now, **gateway: Any) -> AsyncIterator[ClientSession]:
        """Serve in this loop; return a client whose addresses are relative to the gateway."""
        async with serving(self.settings(**gateway), clock) as address, ClientSession(address) as client:
            with nothing_born_late():
                yield client


@contextmanager
def nothing_born_late() -> Iterator[None]:
    """Check that requests to a gateway in this process make no series that it did not show as 0 when it began."""
    before = scrape(GATEWAY)
    yield
    assert born_late(before, scrape(GATEWAY)) == set()


def port_of(client: ClientSession) -> int:
    """Return the port of the gateway that a client speaks to."""
    assert client._base_url is not None
    return client._base_url.port or 0


def setup_on(folder: Path, store: StoreSettings, brokers: str = NOWHERE) -> GatewaySetup:
    """Return a gateway on a read model."""
    return GatewaySetup(folder, brokers, store.prefix, store.url)


class GatewayProcess:
    """One `tallygate gateway`, as its user starts it."""

    def __init__(self, setup: GatewaySetup, log: Path, **environment: str) -> None:
        """Start it; what it says goes to `log`."""
        self._log = log
        more = {f"TALLYGATE_{name.upper()}": value for name, value in environment.items()}
        command = [sys.executable, "-c", "from agents.cli.main import main; main()", "gateway"]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=ROOT,
                env={**os.environ, **setup.environment, **more},
            )  # fmt: skip

    def log(self) -> str:
        """Return all that it has said."""
        return self._log.read_text(errors="replace")

    def address(self) -> str:
        """Wait until it serves, and return where."""
        found: list[str] = []

        def serves() -> bool:
            found[:] = re.findall(r"serving at (https?://[^\s\"]+)", self.log())
            return bool(found)

        wait_for(serves, "the gateway to serve", in_vain=ended(self))
        return found[0]

    def refused(self) -> int:
        """Wait until it ends and return its exit status. Raise TimeoutError if it serves instead."""

        def serves() -> str:
            return self.log() if "serving at" in self.log() else ""

        wait_for(lambda: self.process.poll() is not None, "the gateway to refuse", in_vain=serves)
        return self.process.wait()

    def stop(self) -> int:
        """Ask it to stop, and return its exit status."""
        self.process.terminate()
        return self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
