"""One Kafka broker in KRaft mode, from the jars that `make kafka` fetched; it can be killed and started again."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

from tests.prerequisites import KAFKA_JARS

CLUSTER_ID = "dGFsbHlnYXRlLXRlc3RzMQ"
HEAP = "400m"

# Small internal topics, no waiting for more members: what a test waits for should be ours, not the broker's.
PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/logs
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
group.min.session.timeout.ms=1000
log.cleaner.backoff.ms=500
log.cleaner.min.cleanable.ratio=0.01
"""

LOGGING = """
status = error
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1} %m%n
"""


_MADE: dict[tuple[str, ...], dict[str, bytes]] = {}
"""Log folders as they were made, by the arguments."""


def free_ports(count: int) -> list[int]:
    """Reserve ports for as long as this process lives; who listens there may die and come back to the same port."""
    return [reserve_port() for _ in range(count)]


def reserve_port(wanted: int = 0) -> int:
    """Reserve one port, any or the one `wanted`; raises OSError where that one is in use."""
    keeper = socket.socket()
    try:
        keeper.bind(("127.0.0.1", wanted))
    except OSError:
        keeper.close()
        raise
    # Bound alone, then shared: Linux gives it to no other client and no other reservation, but lets a server listen.
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    port: int = keeper.getsockname()[1]
    keeper.detach()  # the system closes it when this process ends
    return port


class Broker:
    """A broker and its folder; `address` stays the same over restarts."""

    options: ClassVar[Sequence[str]] = ()
    """Further options of Java. Measurements and long runs have none; tests start sooner, see `plugin`."""

    def __init__(self, folder: Path, jars: Path = KAFKA_JARS, extra: str = "", formatting: Sequence[str] = ()) -> None:
        """Prepare a broker whose settings are extended by `extra`; nothing is started yet.

        `formatting` are further arguments for the making of its log folder.
        """
        self.folder = folder
        self.port, self.controller = free_ports(2)
        self.address = f"127.0.0.1:{self.port}"
        self._jars = jars
        self._extra = extra
        self._formatting = tuple(formatting)
        self._process: subprocess.Popen[bytes] | None = None

    def format(self) -> Self:
        """Write the settings, and make the log folder unless it is there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "server.properties").write_text(self.properties())
        (self.folder / "log4j2.properties").write_text(LOGGING)
        logs = self.folder / "logs"
        if not (logs / "meta.properties").exists():
            self._make_logs(logs)
        return self

    def _make_logs(self, logs: Path) -> None:
        """Make the log folder; one made before with the same arguments is copied, which takes no Java."""
        made = _MADE.get(self._formatting)
        if made is None:
            if self._java("kafka.tools.StorageTool", "format", *self._formatting, "-t", CLUSTER_ID, "-c").wait():
                raise RuntimeError(f"the log folder was not made, see {self.folder / 'output.log'}")
            _MADE[self._formatting] = {path.name: path.read_bytes() for path in logs.iterdir() if path.is_file()}
        else:
            logs.mkdir()
            for name, content in made.items():
                (logs / name).write_bytes(content)

    def properties(self) -> str:
        """Return the settings of `server.properties`; a later line outweighs an earlier one."""
        return PROPERTIES.format(port=self.port, controller=self.controller, folder=self.folder) + self._extra

    def start(self) -> Self:
        """Start the broker and wait until it answers, for as long as it lives; raises RuntimeError when it dies."""
        self._process = self._java("kafka.Kafka")
        while not self._answers():
            if self._process.poll() is not None:
                raise RuntimeError(f"the broker did not start, see {self.folder / 'output.log'}")
            time.sleep(0.1)
        return self

    def kill(self) -> None:
        """End the broker as a power cut would, kill -9."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Stop the broker where it is, SIGSTOP: connections stay, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen broker go on."""
        self._signal(signal.SIGCONT)

    def ended(self) -> bool:
        """Tell whether the broker has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def stop(self) -> None:
        """Stop the broker and remove its folder; nothing of it is needed any more."""
        self._end(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _java(self, main: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = ["java", f"-Xmx{HEAP}", f"-Xms{HEAP}", "-XX:+UseSerialGC", "-Xshare:auto", *self.options]
        command += [f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}"]
        command += ["-cp", f"{self._jars}/*", main, *arguments, str(self.folder / "server.properties")]
        with (self.folder / "output.log").open("ab") as output:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)


class ElsewhereBroker(Broker):
    """A broker that another process runs; only its address is known here."""

    def __init__(self, address: str) -> None:
        self.address = address
