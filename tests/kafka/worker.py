"""A worker process of a test: started, listened to, stopped in order, killed, or frozen."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.prerequisites import ROOT
from tests.waiting import InVain, ended, never, wait_for


class WorkerProcess:
    """One `python -m agents.worker.worker`, which prints what it does by its observer."""

    def __init__(self, step: str, environment: dict[str, str], log: Path) -> None:
        """Start it; its output goes to `log`."""
        observer = environment.pop("TALLYGATE_OBSERVER", "tests.toy.observers:Printer")
        source = environment.pop("TALLYGATE_SOURCE", "")
        command = [sys.executable, "-m", "agents.worker.worker", step, "--observer", observer]
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
        """Return all that it has said."""
        return self.path.read_text(errors="replace")

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines that its observer has printed."""
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{") and line.endswith("}")]

    def ready(self, times: int = 1) -> list[int]:
        """Wait, while it lives, until it has taken partitions over so many times; return the latest."""
        wait_for(lambda: len(self.takeovers()) >= times, "a worker to be ready", in_vain=ended(self))
        partitions: list[int] = self.takeovers()[-1]["ready"]
        return partitions

    def takeovers(self) -> list[dict[str, Any]]:
        """Return what it printed whenever it had taken partitions over."""
        return [line for line in self.lines() if "ready" in line]

    def last(self) -> dict[str, Any]:
        """Return the latest counts that it printed."""
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

    def wait(self, in_vain: InVain = never) -> int:
        """Wait until it ends by itself and return its exit status; `in_vain` says why it lives on instead."""
        wait_for(lambda: not self.alive, "a worker to end", in_vain=in_vain)
        return self.process.wait()

    def refused(self) -> int:
        """Wait until it ends and return its exit status. Raise TimeoutError if it judges instead."""
        return self.outlived(0)

    def outlived(self, takeovers: int) -> int:
        """Wait until it ends and return its exit status. Raise TimeoutError if it takes partitions over once more."""

        def goes_on() -> str:
            more = len(self.takeovers()) > takeovers
            return f"it judges, and should have ended:\n{self.log()[-3000:]}" if more else ""

        return self.wait(goes_on)

    def kill(self) -> None:
        """End it with kill -9, if it still runs."""
        if self.alive:
            self.process.kill()
            self.process.wait()
