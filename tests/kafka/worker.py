"""A worker process of a test: started, listened to, stopped in order, killed, or frozen."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.pieces import ROOT


class WorkerProcess:
    """One `python -m agents.worker`, which prints what it does by its observer."""

    def __init__(self, step: str, environment: dict[str, str], log: Path) -> None:
        """Start it; its output goes to `log`."""
        observer = environment.pop("TALLYGATE_OBSERVER", "tests.toy.observers:Printer")
        source = environment.pop("TALLYGATE_SOURCE", "")
        command = [sys.executable, "-m", "agents.worker", step, "--observer", observer]
        command += ["--source", source] if source else []
        self.step = step
        self.path = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **environment},
                cwd=ROOT,
            )

    def log(self) -> str:
        """Give all that it has said."""
        return self.path.read_text(errors="replace")

    def lines(self) -> list[dict[str, Any]]:
        """Give the lines that its observer has printed."""
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{") and line.endswith("}")]

    def ready(self, times: int = 1) -> list[int]:
        """Wait, while it lives, until it has taken partitions over so many times; give the latest."""
        while True:
            found = [line["ready"] for line in self.lines() if "ready" in line]
            if len(found) >= times:
                partitions: list[int] = found[-1]
                return partitions
            if self.process.poll() is not None:
                raise RuntimeError(
                    f"the worker ended ({self.process.returncode}) before it was ready:\n{self.log()[-3000:]}"
                )
            time.sleep(0.05)

    def last(self) -> dict[str, Any]:
        """Give the latest counts that it printed."""
        return next((line for line in reversed(self.lines()) if "records" in line), {})

    @property
    def alive(self) -> bool:
        """Tell whether it runs."""
        return self.process.poll() is None

    @property
    def frozen(self) -> bool:
        """Tell whether it is stopped by SIGSTOP."""
        status = Path(f"/proc/{self.process.pid}/stat").read_text()
        return status.rpartition(")")[2].split()[0] == "T"

    def thaw(self) -> None:
        """Let it go on, if it is frozen."""
        if self.alive and self.frozen:
            self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def stop(self) -> int:
        """Stop it in order and give its exit status."""
        self.process.terminate()
        return self.process.wait()

    def wait(self) -> int:
        """Wait until it ends by itself and return its exit status."""
        return self.process.wait()

    def refused(self) -> int:
        """Wait until it ends and return its exit status; raise RuntimeError if it judges instead."""
        while self.process.poll() is None:
            if any("ready" in line for line in self.lines()):
                raise RuntimeError(f"the worker judges, and should have refused:\n{self.log()[-3000:]}")
            time.sleep(0.05)
        return self.process.wait()

    def kill(self) -> None:
        """End it with kill -9, if it still runs."""
        if self.alive:
            self.process.kill()
            self.process.wait()
