"""A secured broker and a secured Redis, a login for each role, and our processes that use them."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from aiokafka import TopicPartition
from confluent_kafka import Producer

from agents.kafka.connection import Connection
from agents.kafka.log_reader import end_offsets, open_reader, read_to
from agents.ops.access.granting import password_in
from agents.ops.access.roles import principal
from agents.settings.kafka_group import KafkaSettings
from stream.topics import Topics
from tests.kafka.secured import ADMIN, ADMIN_PASSWORD, SecuredBroker
from tests.prerequisites import ROOT
from tests.redis.server import RedisServer
from tests.redis.tls import TlsFront, quiet
from tests.waiting import HANG_SECONDS

TALLYGATE = str(Path(sys.executable).with_name("tallygate"))
KEY_SECRET = "made-up-secret-of-the-consignee-keys"
PARTITIONS = 2

Answer = TypeVar("Answer")


def ask(question: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a question in a loop of its own, and give the answer when its connections are gone."""

    async def whole() -> Answer:
        try:
            return await question
        finally:
            await quiet()

    return asyncio.run(whole())


class SecuredSystem:
    """Everything of one prefix; `environment` gives a process the settings of a role."""

    def __init__(self, broker: SecuredBroker, folder: Path, prefix: str) -> None:
        self.broker = broker
        self.topics = Topics(prefix)
        self.folder = folder
        self.passwords = folder / "passwords"
        self.redis_url = ""
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._open = ExitStack()
        self.key_secret = self._file("key-secret", KEY_SECRET)

    def __enter__(self) -> Self:
        self.run("access", "grant", "--passwords", str(self.passwords), environment=self.admin())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, process in self.processes.items():
            process.kill()
            process.wait()
            if error is not None:
                print(f"{name}:\n{self.log(name)[-4000:]}")
        self._open.close()

    def _file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def login(self, user: str, password_file: Path) -> dict[str, str]:
        """Return the settings under which a process of ours logs in."""
        return {
            "TALLYGATE_KAFKA__BROKERS": self.broker.address,
            "TALLYGATE_KAFKA__PREFIX": self.topics.prefix,
            "TALLYGATE_KAFKA__PARTITIONS": str(PARTITIONS),
            "TALLYGATE_KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
            "TALLYGATE_KAFKA__USERNAME": user,
            "TALLYGATE_KAFKA__PASSWORD_FILE": str(password_file),
            "TALLYGATE_KAFKA__CA_FILE": str(self.broker.authority.ca),
            "TALLYGATE_WORKER__SESSION_TIMEOUT_MS": "6000",
        }

    def admin(self) -> dict[str, str]:
        """Return the administrator's settings."""
        return self.login(ADMIN, self._file("admin-password", ADMIN_PASSWORD))

    def environment(self, role: str, **more: str) -> dict[str, str]:
        """Return the settings of a role, with its login at Redis if there is one."""
        user = principal(self.topics, role)
        redis = {"TALLYGATE_REDIS__URL": self.redis_url.format(user=user)} if self.redis_url else {}
        if redis:
            redis["TALLYGATE_REDIS__PASSWORD_FILE"] = str(self.passwords / role)
            redis["TALLYGATE_REDIS__CA_FILE"] = str(self.broker.authority.ca)
        return {**self.login(user, self.passwords / role), **redis, **more}

    def client(self, role: str) -> dict[str, Any]:
        """Return the settings of a librdkafka client under a role."""
        return self.broker.login(principal(self.topics, role), password_in(self.passwords, role))

    def run(self, *command: str, environment: dict[str, str]) -> str:
        """Run a command of ours to its end and give what it printed; fails with what it said."""
        done = self.attempt(*command, environment=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def attempt(self, *command: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
        """Run a command of ours to its end, whatever comes of it."""
        return subprocess.run(
            [TALLYGATE, *command], env={**os.environ, **environment}, capture_output=True, text=True, check=False
        )

    def start(self, name: str, *command: str, **settings: str) -> "subprocess.Popen[bytes]":
        """Start a process under the role of its name."""
        with self._log_file(name).open("wb") as output:
            environment = {**os.environ, **self.environment(name, **settings)}
            self.processes[name] = subprocess.Popen(
                [sys.executable, *command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment,
                cwd=ROOT,
            )  # fmt: skip
        return self.processes[name]

    def log(self, name: str) -> str:
        """Return all that a process has said."""
        return self._log_file(name).read_text(errors="replace")

    def _log_file(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def serve_redis(self) -> RedisServer:
        """Start a Redis that only knows the users of our roles, behind TLS."""
        lines = self.run("access", "redis", "--passwords", str(self.passwords), environment=self.admin())
        users = self._file("users.acl", lines)
        server = RedisServer(self.folder, "--aclfile", str(users), "--loglevel", "verbose")
        self._open.callback(server.kill)
        front = self._open.enter_context(TlsFront(self.broker.pem, server.port))
        self.redis_url = f"rediss://{{user}}@127.0.0.1:{front.port}/0"
        return server.start()

    @contextmanager
    def producer(self, role: str) -> Iterator[Producer]:
        """Yield a producer under a role; everything is delivered when the block ends."""
        made = Producer({**self.client(role), "partitioner": "murmur2_random"})
        yield made
        assert made.flush(HANG_SECONDS) == 0

    def connection(self, role: str) -> Connection:
        """Return the connection of a role, as our own processes make it."""
        names = {
            name.removeprefix("TALLYGATE_KAFKA__").lower(): value
            for name, value in self.environment(role).items()
            if name.startswith("TALLYGATE_KAFKA__")
        }
        return KafkaSettings(**names).connection()  # type: ignore[arg-type]

    async def read(self, role: str, topic: str) -> list[bytes]:
        """Read what is committed in a topic under a role."""
        parts = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        async with open_reader(self.connection(role)) as reader:
            ends = await end_offsets(reader, parts)
            found = [batch async for batch in read_to(reader, dict.fromkeys(parts, 0), ends)]
        return [record.value for batch in found for record in batch]
