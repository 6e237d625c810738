"""The Pythons of this machine that the client must run on, and what it needs there."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from tests.prerequisites import ROOT

PROJECT: Final = ROOT / "deploy" / "client" / "pyproject.toml"
FIRST: Final = 11
LAST: Final = 30
ASK: Final = "import sys, venv, ensurepip; i = sys.version_info; print(i.major, i.minor, i.releaselevel)"


@cache
def pythons() -> dict[str, str]:
    """Return the interpreters from 3.11 by version, such as 3.12: on the path, or of pyenv; one of each."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    named = [shutil.which(f"python3.{minor}") for minor in range(FIRST, LAST)]
    found = [sys.executable, *filter(None, named), *sorted(map(str, pyenv.glob("3.*/bin/python3")))]
    return {version: path for path in reversed(found) if (version := version_of(path))}


def version_of(path: str) -> str | None:
    """Return the version of an interpreter that can make environments; None: it does not count."""
    answer = subprocess.run([path, "-c", ASK], capture_output=True, text=True, check=False)
    major, minor, level = (answer.stdout.split() or ["0", "0", ""])[:3]
    return f"{major}.{minor}" if (int(major), level) == (3, "final") and int(minor) >= FIRST else None


def needed() -> list[str]:
    """Return the requirements of the client, those of its extra too."""
    project = tomllib.loads(PROJECT.read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["kafka"]]


def lowest() -> list[str]:
    """Return the requirements at their lower bounds."""
    return [re.sub(r">=([\d.]+).*", r"==\1.*", each) for each in needed()]
