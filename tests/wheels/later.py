"""Ask the package index whether client and application install on later versions of Python: `make pythons`.

Nothing is kept: pip resolves for another version than its own, and takes wheels only. ARGS="3.13 3.14" names versions.
"""

import subprocess
import sys
import tempfile
import tomllib
from typing import Final

from tests.prerequisites import ROOT
from tests.wheels.pythons import needed

VERSIONS: Final = ("3.12", "3.13", "3.14")
PLATFORMS: Final = ("manylinux2014_x86_64", "manylinux_2_28_x86_64")


def missing(requirement: str, version: str, *, whole: bool) -> str | None:
    """Return why there is no wheel of a requirement; with `whole`, none of anything that it needs. None: there is."""
    platforms = [word for name in PLATFORMS for word in ("--platform", name)]
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"),
            *("--python-version", version, "--implementation", "cp", *platforms, "--dest", folder),
            *([] if whole else ["--no-deps"]),
            requirement,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1] if done.returncode else None


def main(versions: list[str]) -> int:
    """Print a line for each version, and one for each requirement without a wheel; exit code 1 if there is one."""
    pins = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    status = 0
    for version in versions or VERSIONS:
        for who, requirements, whole in (("client", needed(), True), ("application", pins, False)):
            found = {each: why for each in requirements if (why := missing(each, version, whole=whole))}
            print(f"Python {version}: {who}: {len(found)} of {len(requirements)} requirements have no wheel")
            for each, why in found.items():
                print(f"  {each}: {why}")
            status |= bool(found)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
