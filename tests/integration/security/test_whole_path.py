"""Events become decisions and answers with every process under its own role, over TLS, and no secret gets out."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, ResponseError
from redis.exceptions import ConnectionError as AwayError
from yarl import URL

from agents.ops.access.granting import password_in
from agents.ops.access.roles import read_roles
from tests.integration.security.secured_system import KEY_SECRET, SecuredSystem, ask
from tests.kafka.broker import free_ports
from tests.kafka.secured import ADMIN_PASSWORD, Authority, SecuredBroker
from tests.prerequisites import ROOT
from tests.waiting import wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

EVENTS = [line for line in (ROOT / "docs/examples/three-parcels.jsonl").read_bytes().splitlines() if line]
DECISIONS = 6
SCOPES = ("--scope", "scan", "--scope", "audit", "--scope", "publish")
ACTIONS = {"ACME00001": "GO", "ACME00002": "HOLD", "ACME00003": "GO"}


class Whole(SecuredSystem):
    """The system with the example judged and served; `token` opens the gateway."""

    port = 0
    token = ""

    def begin(self) -> None:
        """Start everything, each process under its own role, and publish."""
        self.run("topics", "create", environment=self.environment("topics-admin"))
        self.serve_redis()
        secret = {"TALLYGATE_KEY__SECRET_FILE": str(self.key_secret)}
        for step in ("manifest", "withholding"):
            self.start(step, "-m", "agents.worker.worker", step, **secret)
        self.start("projection", "-m", "agents.readmodel")
        (self.port,) = free_ports(1)
        tokens = str(self.folder / "tokens.json")
        command = ("token", "create", *SCOPES, "--name", "a test", "--file", tokens)
        self.token = self.run(*command, environment={}).strip()
        gate = {"PORT": str(self.port), "TOKENS_FILE": tokens, "TLS_CERTIFICATE": str(self.broker.pem)}
        gate = {f"TALLYGATE_GATEWAY__{name}": value for name, value in gate.items()}
        serve = "from agents.cli.main import main; main(['gateway'])"
        self.start("gateway", "-c", serve, **secret, **gate, TALLYGATE_GATEWAY__TLS_KEY=str(self.broker.pem))
        with self.producer("publisher") as producer:
            for event in EVENTS:
                producer.produce(self.topics.shipments, event, json.loads(event)["data"]["conveyance"].encode())
        decided = self.topics.decisions
        wait_for(lambda: len(ask(self.read("auditor", decided))) >= DECISIONS, "decisions")

    def redis(self, user: str, password: str, ca: Path) -> Redis:
        """Return a client that logs in at Redis and trusts an authority."""
        return Redis.from_url(self.redis_url.format(user=user), password=password, ssl_ca_certs=str(ca))


@pytest.fixture(scope="module")
def whole(secured: SecuredBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Yield the system, its decisions made."""
    with Whole(secured, tmp_path_factory.mktemp("whole"), "whole") as made:
        made.begin()
        yield made


@asynccontextmanager
async def at_the_gateway(whole: Whole) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a client of the gateway, once it listens; its certificate is checked."""
    context = ssl.create_default_context(cafile=whole.broker.authority.ca)
    address = URL.build(scheme="https", host="127.0.0.1", port=whole.port)
    headers = {"Authorization": f"Bearer {whole.token}"}
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(address, headers=headers, connector=connector) as client:
        while True:
            with suppress(aiohttp.ClientConnectorError):
                async with client.get("/readyz") as answer:
                    if answer.status == 200:
                        break
            assert whole.processes["gateway"].poll() is None, whole.log("gateway")
            await asyncio.sleep(0.05)
        yield client


async def test_scanner_gets_its_answer(whole: Whole) -> None:
    """What the publisher sent is what the gateway answers with, as of now."""
    found: dict[str, str] = {}
    async with at_the_gateway(whole) as client:
        while found != ACTIONS:
            for bill in ACTIONS:
                async with client.get(f"/v1/bills/{bill}") as answer:
                    found[bill] = (await answer.json()).get("action", "")
            await asyncio.sleep(0.05)
    assert found == ACTIONS


async def test_gateway_reads_histories_and_takes_events(whole: Whole) -> None:
    """Under its role it reads a bill's decisions from Kafka, and sends an event there that a worker then judges."""
    async with at_the_gateway(whole) as client:
        async with client.get("/v1/bills/ACME00002/history") as answer:
            assert (answer.status, (await answer.json())["complete"]) == (200, True)
        event = json.loads(EVENTS[0])
        event["data"] |= {"bill": "ACME00009", "conveyance": "air:ZZ1:2025-08-20"}
        kind = {"Content-Type": "application/cloudevents+json"}
        async with client.post("/v1/events", data=json.dumps(event), headers=kind) as answer:
            assert answer.status == 202, await answer.text()
        while True:
            async with client.get("/v1/bills/ACME00009") as answer:
                verdict = await answer.json()
                if answer.status == 200:
                    break
            await asyncio.sleep(0.05)
        assert verdict["outcome"] == "pending"


@pytest.mark.parametrize(
    ("role", "command"),
    [
        ("auditor", "dead-letters list"),
        ("publisher", "resume"),
        ("withholding", "publish docs/examples/three-parcels.jsonl"),
        ("operator", "publish docs/examples/three-parcels.jsonl"),
    ],
)
def test_commands_are_refused_to_others(whole: Whole, role: str, command: str) -> None:
    """A command under a role that it is not for fails, and says so without a traceback."""
    done = whole.attempt(*command.split(), environment=whole.environment(role))
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("role", "command"),
    [
        ("auditor", "explain ACME00002 --json"),
        ("operator", "resume"),
        ("operator", "topics check"),
        ("operator", "doctor --role operator"),
        ("dead-letters", "dead-letters list"),
        ("dead-letters", "dead-letters retry --all --yes"),
        ("projection", "rebuild read-model"),
        ("publisher", "publish docs/examples/three-parcels.jsonl"),
    ],
)
def test_commands_work_under_their_roles(whole: Whole, role: str, command: str) -> None:
    """Each command needs no more than the role that is for it."""
    environment = whole.environment(role, TALLYGATE_KEY__SECRET_FILE=str(whole.key_secret))
    done = whole.attempt(*command.split(), environment=environment)
    assert done.returncode == 0, done.stdout + done.stderr


async def test_redis_lets_each_do_its_own_only(whole: Whole) -> None:
    """The gateway reads and cannot write; the projection keeps to its keys; no role administers or is unknown."""
    ca, tag = whole.broker.authority.ca, "{whole}:v2:"
    passwords = {role: password_in(whole.passwords, role) for role in ("gateway", "projection")}
    async with (
        whole.redis("whole-gateway", passwords["gateway"], ca) as gateway,
        whole.redis("whole-projection", passwords["projection"], ca) as projection,
    ):
        assert await gateway.exists(f"{tag}bill:ACME00001")
        assert await projection.set(f"{tag}of-a-test", 1)
        for client, *command in (
            (gateway, "SET", f"{tag}of-a-test", 2),
            (gateway, "EVAL", "return redis.call('SET', KEYS[1], 2)", 1, f"{tag}of-a-test"),
            (gateway, "GET", "{other}:v2:positions"),
            (gateway, "SCAN", 0),
            (gateway, "CONFIG", "GET", "*"),
            (projection, "SET", "{other}:v2:positions", 1),
            (projection, "FLUSHALL"),
            (projection, "ACL", "LIST"),
        ):
            with pytest.raises(ResponseError, match=r"(?i)permission|can't access"):
                await client.execute_command(*command)  # type: ignore[no-untyped-call]
    for user, password in (("default", ""), ("whole-gateway", passwords["projection"])):
        async with whole.redis(user, password, ca) as stranger:
            with pytest.raises(AuthenticationError):
                await stranger.ping()


async def test_certificate_of_another_authority_is_refused(whole: Whole, tmp_path: Path) -> None:
    """A Redis or a Kafka whose certificate comes from elsewhere gets no password."""
    stranger = Authority(tmp_path, "somebody else").ca
    async with whole.redis("whole-gateway", "any", stranger) as client:
        with pytest.raises(AwayError, match="certificate"):
            await client.ping()
    done = whole.attempt(
        "topics", "check", environment=whole.environment("operator") | {"TALLYGATE_KAFKA__CA_FILE": str(stranger)}
    )
    assert done.returncode != 0
    assert "certificate" in done.stderr.lower(), done.stderr


def test_no_secret_in_arguments_environment_or_logs(whole: Whole) -> None:
    """No password, key secret or token can be read from any process, log or core, though all of them are in use."""
    secrets = {KEY_SECRET, ADMIN_PASSWORD, whole.token}
    secrets |= {password_in(whole.passwords, role) for role in read_roles()}
    seen = {name: whole.log(name) for name in whole.processes}
    for name, process in whole.processes.items():
        for file in ("cmdline", "environ"):
            seen[f"{name} {file}"] = Path(f"/proc/{process.pid}/{file}").read_text(errors="replace")
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        assert "Max core file size        0                    0" in limits, (name, limits)
    assert "PASSWORD_FILE" in seen["gateway environ"]
    assert [(name, secret) for name, text in seen.items() for secret in secrets if secret in text] == []
