"""An environment of a program of others: the client's wheel in it, and another product that has a package `agents`."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.prerequisites import ROOT, WHEELS

OTHER: Final = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "other-agents"
version = "1.0"
[tool.hatch.build.targets.wheel]
packages = ["agents", "stream", "state"]
"""
PAGE: Final = (ROOT / "docs" / "client.md").read_text("utf-8")


def fenced(title: str, language: str) -> list[str]:
    """Return the fenced blocks of a language in a section of the page."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)


def build(source: Path, target: Path) -> Path:
    """Build a wheel without asking an index."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    return max(target.glob("*.whl"), key=lambda path: path.stat().st_mtime_ns)


def build_other(folder: Path) -> Path:
    """Build the other product, which has packages with the names of all of our rooms."""
    for name in ("agents", "stream", "state"):
        (folder / "other" / name).mkdir(parents=True)
        (folder / "other" / name / "__init__.py").write_text('WHOSE = "other"\n')
    (folder / "other" / "pyproject.toml").write_text(OTHER)
    return build(folder / "other", folder)


class Environment:
    """A virtual environment, and what is run in it; nothing of this repository is in its reach."""

    def __init__(self, folder: Path, python: str, *requirements: str) -> None:
        """Make it, and install what is asked for out of what `make wheels` has fetched."""
        self.folder = folder
        self.python = folder / "bin" / "python"
        subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], check=True, capture_output=True)
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "--disable-pip-version-check", "install"]
        command = [*pip, "--no-index", "--no-compile", *requirements]
        # Without PYTHONPATH, where pip would find what the environment is to have of its own.
        environment = {**os.environ, "PYTHONPATH": "", "PIP_FIND_LINKS": str(WHEELS)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    @property
    def installed(self) -> dict[str, str]:
        """What is installed, with its versions."""
        found = [path.name.removesuffix(".dist-info").split("-") for path in self.folder.glob("lib/*/*/*.dist-info")]
        return {name.lower(): version for name, version in found}

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start Python in it, in its folder."""
        quiet = {"PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "error"}
        return subprocess.Popen(
            [str(self.python), *words], cwd=self.folder, env={**os.environ, **quiet}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def save(self, name: str, program: str) -> str:
        """Save a program in its folder, and return its name."""
        (self.folder / name).write_text(program)
        return name

    def run(self, *words: str) -> tuple[int, str, str]:
        """Run Python in it to its end; return its status and what it said."""
        with self.start(*words) as process:
            said, complained = process.communicate()
        return process.returncode, said, complained
