"""A sandbox for tests: the command as a process, what it says, and what a program reads in its `.env`."""

import json
import os
import secrets
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.prerequisites import ROOT
from tests.waiting import ended, wait_for

TALLYGATE = (sys.executable, "-c", "from agents.cli.main import main; main()")


class RunningSandbox:
    """A sandbox in a folder, started beside it, and what it has said."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        said = folder.parent / f"said-{secrets.token_hex(3)}"
        self._out, self._err = said.with_suffix(".out"), said.with_suffix(".err")
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process: subprocess.Popen[bytes] = subprocess.Popen(
                (*TALLYGATE, "sandbox", *options), cwd=folder.parent, stdout=out, stderr=err,
                stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip

    def log(self) -> str:
        """Return what it said to people."""
        return self._err.read_text()

    @property
    def shown(self) -> str:
        """What it printed for programs."""
        return self._out.read_text()

    def ready(self) -> "RunningSandbox":
        """Wait until it says that it is."""
        wait_for(lambda: ": ready" in self.log(), "the sandbox to be ready", in_vain=ended(self))
        return self

    @property
    def environment(self) -> dict[str, str]:
        """What its `.env` says, as a shell reads it."""
        lines = (shlex.split(line)[0].partition("=") for line in (self.folder / ".env").read_text().splitlines())
        return {name: value for name, _, value in lines}

    def run(self, *arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        """Run one of our commands on it."""
        return subprocess.run(
            (*TALLYGATE, *arguments), input=given, capture_output=True, text=True, check=False, cwd=ROOT,
            env={**os.environ, **self.environment},
        )  # fmt: skip

    def ask(self, path: str, scope: str) -> tuple[int, dict[str, Any]]:
        """Ask its gateway; return status and answer."""
        known = self.environment
        headers = {"Authorization": f"Bearer {known[f'{scope.upper()}_TOKEN']}"}
        try:
            with urlopen(Request(f"{known['GATEWAY']}{path}", headers=headers)) as answer:  # noqa: S310 - our own
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)

    def end(self, number: int) -> int:
        """Send it a signal; return its exit code."""
        self.process.send_signal(number)
        return self.process.wait()


@contextmanager
def sandbox(folder: Path, *options: str) -> Iterator[RunningSandbox]:
    """Run a sandbox, and see to it that none is left."""
    running = RunningSandbox(folder, *options)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.terminate()
            running.process.wait()
