"""`tallygate scan` against a real gateway: in a pipe, on a terminal, over a gateway that dies and comes back."""

import os
import pty
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from agents.client.board import SCANNING
from agents.client.cutting import NO_BILL, NO_ENTER
from agents.client.screen import CHANGED, READY, big
from stream.decisions import Decision
from stream.outcomes import Action
from stream.reasons import REASON_LINES, STALE_LINE, UNKNOWN_LINE
from tests.integration.gateway.gateway_setup import GatewayProcess, GatewaySetup, setup_on
from tests.integration.publish.installation import TALLYGATE, tallygate
from tests.integration.readmodel.projections import ReadModelHarness, read_model_on
from tests.kafka.broker import free_ports
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import ROOT
from tests.redis.events import decision
from tests.redis.server import RedisServer
from tests.waiting import ended, wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.redis]

GO, HOLD = REASON_LINES["within-limit"], REASON_LINES["daily-limit"]


class Dock:
    """A gateway at an address that stays the same, over what a projection keeps."""

    def __init__(self, read_model: ReadModelHarness, setup: GatewaySetup, folder: Path) -> None:
        self._read_model = read_model
        self._setup = setup
        self._folder = folder
        self.gateway: GatewayProcess | None = None
        self.port = free_ports(1)[0]
        self._token = folder / "token"
        self._token.write_text(setup.tokens["scan"])

    def open(self) -> None:
        """Start the gateway, and wait until it serves."""
        log = self._folder / "gateway.log"
        # A gateway that is killed is missed at once; one on a loaded machine is slow, which is no reason for HOLD here.
        patient = {"gateway__heartbeat_seconds": "20", "gateway__stale_seconds": "60"}
        self.gateway = GatewayProcess(self._setup, log, gateway__port=str(self.port), **patient)
        self.gateway.address()

    def close(self) -> None:
        """End the gateway with kill -9."""
        if self.gateway is not None and self.gateway.process.poll() is None:
            self.gateway.process.kill()
            self.gateway.process.wait()

    def options(self, *more: str) -> list[str]:
        """Return the command line of a scanner."""
        return ["scan", "--gateway", f"http://127.0.0.1:{self.port}", "--token-file", str(self._token), *more]

    def tell(self, *decisions: Decision) -> None:
        """Send decisions, and wait until Redis has them."""
        self._read_model.send([msgspec.json.encode(each) for each in decisions])
        self._read_model.settle()

    @contextmanager
    def scanner(self, *more: str, terminal: bool = False) -> Iterator["Scanner"]:
        """Return a running scanner, ended with the block."""
        made = Scanner([*TALLYGATE, *self.options(*more)], terminal=terminal)
        try:
            yield made
        finally:
            made.end()


class Scanner:
    """A running `tallygate scan`, typed into."""

    def __init__(self, command: list[str], *, terminal: bool) -> None:
        if terminal:
            self._typed, theirs = pty.openpty()
            self._seen = self._typed
            out = theirs
        else:
            theirs, self._typed = os.pipe()
            self._seen, out = os.pipe()
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=out, stderr=subprocess.STDOUT, cwd=ROOT,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "30", "PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
        for descriptor in {theirs, out}:
            os.close(descriptor)
        os.set_blocking(self._seen, False)
        self.text = ""

    def log(self) -> str:
        """Return what was shown since the last `forget`."""
        self.sees("")
        return self.text

    def type(self, text: str, end: str = "\n") -> None:
        """Type a line, as a wedge scanner does."""
        os.write(self._typed, f"{text}{end}".encode())

    def sees(self, text: str) -> bool:
        """Tell whether this has been shown since the last `forget`."""
        try:
            while chunk := os.read(self._seen, 65536):
                self.text += chunk.decode(errors="replace")
        except OSError:
            pass
        return text in self.text

    def wait_for(self, text: str) -> None:
        """Wait until this is shown."""
        try:
            wait_for(lambda: self.sees(text), text, in_vain=ended(self))
        except TimeoutError as error:
            raise TimeoutError(f"{error}; shown was {self.text[-2000:]!r}") from None

    def wait_for_end(self) -> int:
        """Wait until it ends and return its exit status; what it shows is read, or it could not end."""
        wait_for(lambda: self.sees("") and self.process.poll() is not None, "the scanner to end")
        return self.process.wait()

    def forget(self) -> None:
        """Look only at what comes from now on."""
        self.sees("")
        self.text = ""

    def end(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        for descriptor in {self._typed, self._seen}:
            os.close(descriptor)


@pytest.fixture
def dock(harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path) -> Iterator[Dock]:
    """Return a dock whose gateway serves."""
    with read_model_on(harness, redis_server) as read_model:
        setup = setup_on(tmp_path, redis_server.store(harness.topics.prefix), harness.broker.address)
        read_model.project()
        made = Dock(read_model, setup, tmp_path)
        made.open()
        try:
            yield made
        finally:
            made.close()


def test_pipe_answers_line_by_line(dock: Dock) -> None:
    """Each line gets one line: known, unknown, no bill, blank. A token of another scope ends it with 2."""
    dock.tell(decision("ACME0001"), decision("ACME0002", outcome="withhold", reason="daily-limit", counts=False))
    done = tallygate({}, *dock.options("--wait", "60"), given=b"acme-0001\r\n\nACME 0002\nNOBODY01\n?!\nACME0001\n")
    assert done.stdout.decode().splitlines() == [
        f"acme-0001\tGO\t{GO}",
        f"\tHOLD\t{NO_BILL}",
        f"ACME 0002\tHOLD\t{HOLD}",
        f"NOBODY01\tHOLD\t{UNKNOWN_LINE}",
        "?!\tHOLD\tNot a bill number: 4 to 35 letters and digits.",
        f"ACME0001\tGO\t{GO}",
    ]
    assert (done.returncode, done.stderr) == (0, b"")
    (dock._token).write_text(dock._setup.tokens["plan"])
    refused = tallygate({}, *dock.options(), given=b"ACME0001\n")
    assert (refused.returncode, refused.stdout) == (2, b"")
    assert b"scope scan" in refused.stderr


def test_pipe_never_answers_for_a_part(dock: Dock) -> None:
    """A line too long, one without an end and two bills in one are one HOLD each, however much the pipe holds."""
    dock.tell(decision("ACME0001"), decision("ACME00077"), decision("ACME0001ACME0002"))
    long = b"[)>01028408400197777777777770000FDEFDEFDEFDEFDEFDEFDEFDEFDEFDE" * 4
    given = [
        long[:200] + b"ACME00077", b"ACME00077" * 1_200_000, b"ACME0001\x1dACME0002", b"ACME0001\0", b"ACME0001\xff",
    ]  # fmt: skip
    go, cut = f"\tGO\t{GO}", r"\..."
    done = tallygate(
        {}, *dock.options(), given=b"\xef\xbb\xbfACME0001\r" + b"\n".join(given) + b"\nACME00077\tACME0001\nACME0001"
    )
    hold = f"\tHOLD\t{NO_BILL}"
    assert done.stdout.decode().splitlines() == [
        rf"\xef\xbb\xbfACME0001{go}", f"{long[:200].decode()}ACME{cut}{hold}", f"{'ACME00077' * 22}ACME00{cut}{hold}",
        rf"ACME0001\x1dACME0002{hold}", rf"ACME0001\x00{go}", rf"ACME0001\xff{hold}",
        rf"ACME00077\tACME0001{hold}", f"ACME0001\tHOLD\t{NO_ENTER}",
    ]  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")


def test_terminal_keeps_nothing_of_a_scan_to_itself(dock: Dock) -> None:
    """With the first key the answer goes; no control character joins, shortens, freezes or ends; no answer outlives."""
    dock.tell(decision("ACME0001"), decision("ACME0002"), decision("ACME0001ACME0002"))
    with dock.scanner(terminal=True) as scanner:
        scanner.wait_for("Scan a bill")
        scanner.type("ACME0001", end="\t")
        scanner.wait_for(big(Action.GO, "█")[2])
        scanner.forget()
        scanner.type("A", end="")
        scanner.wait_for(SCANNING)
        scanner.wait_for(NO_ENTER)
        assert not scanner.sees(big(Action.GO, "█")[2])
        scanner.forget()
        scanner.type("\x7f", end="")
        scanner.wait_for(READY)  # a key that takes back is one only where it is read alone
        for sign in "\x13\x11\x15\x17\x16\x1a\x1c\x1d\x0f\x12\x04":  # stop, go on, erase, quote, put aside, quit ...
            scanner.forget()
            scanner.type(f"ACME0001{sign}ACME0002", end="\r")
            scanner.wait_for(NO_BILL)
            assert not scanner.sees(big(Action.GO, "█")[2])
        scanner.type("]C1ACME0002", end="\r")
        scanner.wait_for(big(Action.GO, "█")[2])
        scanner.type("\x04", end="")
        scanner.wait_for_end()
        assert scanner.sees("\x1b[2J\x1b[H")
        assert scanner.text.rstrip().endswith("\x1b[2J\x1b[H")


def test_pipe_without_a_gateway_is_hold(dock: Dock) -> None:
    """Without a live gateway the answer is HOLD once the time is over, and the status tells."""
    dock.close()
    done = tallygate({}, *dock.options("--wait", "0.5"), given=b"ACME0001\n")
    assert (done.returncode, done.stdout.decode()) == (75, f"ACME0001\tHOLD\t{STALE_LINE}\n")


def test_pipe_follows_changes_over_a_gateway_that_dies(dock: Dock) -> None:
    """With --follow later changes are lines too, also those that came while the gateway was away, each once."""
    dock.tell(decision("ACME0001"))
    with dock.scanner("--follow") as scanner:
        scanner.type("ACME0001")
        scanner.wait_for(f"ACME0001\tGO\t{GO}\n")
        dock.tell(decision("ACME0001", rank=(1, 1, 2, 1), outcome="withhold", reason="daily-limit", counts=False))
        scanner.wait_for(f"ACME0001\tHOLD\t{HOLD}\tchanged\n")
        dock.close()
        dock.tell(decision("ACME0001", rank=(1, 1, 3, 1), outcome="closed", reason="exported", counts=False))
        dock.open()
        scanner.wait_for("ACME0001\tDONE\tExported.\tchanged\n")
        assert [line.split("\t")[1] for line in scanner.text.splitlines()] == ["GO", "HOLD", "DONE"]


def test_terminal_shows_the_word_its_change_and_a_lost_connection(dock: Dock) -> None:
    """On a terminal: big word and bell, a later change on top, HOLD as soon as the gateway is gone, and back again."""
    dock.tell(decision("ACME0001"), decision("ACME0002"))
    with dock.scanner(terminal=True) as scanner:
        scanner.wait_for("Scan a bill")
        scanner.type("acme-0001")
        scanner.wait_for(big(Action.GO, "█")[2])
        scanner.wait_for(GO)
        scanner.wait_for("\a")
        scanner.type("ACME0002")
        scanner.wait_for("  ACME0002")
        dock.tell(decision("ACME0001", rank=(1, 1, 2, 1), outcome="reject", reason="suspended", counts=False))
        scanner.wait_for(CHANGED)
        scanner.wait_for(big(Action.STOP, "█")[2])
        scanner.forget()
        dock.close()
        scanner.wait_for("NO LIVE CONNECTION")
        scanner.wait_for(STALE_LINE)
        assert not scanner.sees(big(Action.GO, "█")[2])
        scanner.forget()
        dock.open()
        scanner.wait_for(REASON_LINES["suspended"])
        scanner.type("\x04", end="")
        assert scanner.wait_for_end() == 0
