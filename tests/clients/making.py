"""Making clients as `docs/generated-clients.md` says, with the generators that `make clients` has fetched."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Final

from agents.gateway.endpoints.openapi import document
from tests.prerequisites import CLIENTS, ROOT

PAGE: Final = (ROOT / "docs" / "generated-clients.md").read_text("utf-8")
PYTHON: Final = CLIENTS / "python" / "bin"
TOOLS: Final = CLIENTS / "node_modules" / ".bin"
SILENT: Final = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "PYTHONPATH": ""}


def fenced(title: str, language: str) -> list[str]:
    """Return the fenced blocks of a language in a section of the page."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)


def typed(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run commands in a folder, with the generators and no other Python of ours in reach."""
    path = os.pathsep.join([str(PYTHON), str(TOOLS), os.environ["PATH"]])
    return subprocess.run(
        ["sh", "-eu", "-c", script],
        cwd=folder,
        env={**os.environ, **SILENT, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def prepared(folder: Path) -> Path:
    """Return the folder with the description in it, and what npm would install there."""
    (folder / "openapi.json").write_text(json.dumps(document()))
    (folder / "node_modules").symlink_to(CLIENTS / "node_modules")
    return folder


def generate(title: str, folder: Path) -> None:
    """Run the generator as the page has it; what it installs has been fetched already."""
    install, generation = fenced(title, "sh")[0].split("\n", 1)
    assert install.startswith(("pip install ", "npm install "))
    made = typed(generation, folder)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "warning" not in (made.stdout + made.stderr).lower()
