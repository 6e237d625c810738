"""Fetch what the client needs for every Python of this machine: `make wheels`. The tests then ask no index."""

import shutil
import subprocess
import sys
from itertools import product

from tests.prerequisites import WHEELS
from tests.wheels.pythons import lowest, needed, pythons


def main() -> int:
    """Fetch unless it is there already; where it cannot be fetched, say so and let the tests be skipped."""
    mark = WHEELS / ".fetched"
    wanted = "\n".join([*needed(), *pythons()])
    if mark.exists() and mark.read_text() == wanted:
        return 0
    print(f"fetching what the client needs, for Python {', '.join(pythons())}")
    shutil.rmtree(WHEELS, ignore_errors=True)
    for version, requirements in product(pythons(), (needed(), lowest())):
        command = [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"),
            *("--python-version", version, "--dest", str(WHEELS), *requirements),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{done.stderr}no wheels of what the client needs: the tests that need them will be skipped")
            return 0
    mark.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
