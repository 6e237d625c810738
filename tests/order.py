"""The order of test files: the slowest begin first, so that no process has one left when the others are done.

`tests/slow_files.txt` holds the seconds of each that takes long. Write it from what pytest said of a whole run:
`make test ARGS=--durations=0 > said; python -m tests.order said`.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import pytest

SLOW_FILES: Final = Path(__file__).with_name("slow_files.txt")
SLOW_SECONDS: Final = 10
"""Files that take less need no place in the order."""
AMISS_SECONDS: Final = 60
"""A file that took so much longer than it says is told at the end of the run."""
_DURATION: Final = re.compile(r"^([\d.]+)s (?:call|setup|teardown) +(tests/\S+?)::", re.MULTILINE)


def known_seconds() -> dict[str, int]:
    """Return the seconds of each slow file by its path."""
    lines = (line.split() for line in SLOW_FILES.read_text().splitlines())
    return {path: int(seconds) for seconds, path in lines}


def path_of(nodeid: str) -> str:
    """Return the file of a test."""
    return nodeid.partition("::")[0]


def slowest_first(items: list[pytest.Item], known: Mapping[str, int]) -> None:
    """Put the tests of slow files first; all others stay in the order they have."""
    items.sort(key=lambda item: -known.get(path_of(item.nodeid), 0))


def amiss(took: Mapping[str, float], known: Mapping[str, int]) -> list[str]:
    """Return a line for each file that took much longer than the order says."""
    return [
        f"{path} took {seconds:.0f} s, tests/slow_files.txt says {known.get(path, 0)}: see tests/order.py"
        for path, seconds in sorted(took.items())
        if seconds > known.get(path, 0) + AMISS_SECONDS
    ]


def measured(texts: Iterable[str]) -> dict[str, float]:
    """Add up by file what pytest says of durations."""
    took: defaultdict[str, float] = defaultdict(float)
    for text in texts:
        for seconds, path in _DURATION.findall(text):
            took[path] += float(seconds)
    return took


def lines(took: Mapping[str, float]) -> str:
    """Write the order: whole seconds and path, the slowest first."""
    slow = sorted(((round(seconds), path) for path, seconds in took.items() if seconds >= SLOW_SECONDS), reverse=True)
    return "".join(f"{seconds} {path}\n" for seconds, path in slow)


if __name__ == "__main__":
    SLOW_FILES.write_text(lines(measured(Path(path).read_text() for path in sys.argv[1:])))
