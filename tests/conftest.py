"""What every test gets: the repository's root, and skips that are reported in one visible line."""

import os
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import settings

from tests.order import amiss, known_seconds, path_of, slowest_first
from tests.prerequisites import PREREQUISITES, ROOT, require, skip_lines

pytest_plugins = ("tests.kafka.plugin", "tests.prometheus.plugin", "tests.redis.plugin")

# No test asks the internet. Without its authorities each process that loads aiohttp starts 50 ms sooner.
os.environ.setdefault("SSL_CERT_FILE", os.devnull)

# A slow machine is no defect, so no example has a deadline.
settings.register_profile("tallygate", deadline=None, print_blob=True)
settings.load_profile("tallygate")


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the root of the repository."""
    return ROOT


@pytest.hookimpl(trylast=True)  # after the order at random of pytest-randomly
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with slow files. A test on real servers may try once more: groups, sessions and kills race there."""
    slowest_first(items, known_seconds())
    for item in items:
        if any(item.get_closest_marker(piece) for piece in PREREQUISITES):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip or fail a test that is marked with a piece this machine lacks, before its fixtures start."""
    for piece in PREREQUISITES:
        if item.get_closest_marker(piece):
            require(piece)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """End with one line for each missing piece, and for each file that is not where it should be in the order."""
    took: defaultdict[str, float] = defaultdict(float)
    for report in (each for reports in terminalreporter.stats.values() for each in reports):
        if isinstance(report, pytest.TestReport):
            took[path_of(report.nodeid)] += report.duration
    for line in amiss(took, known_seconds()):
        terminalreporter.write_line(line, yellow=True)
    skipped = terminalreporter.stats.get("skipped", [])
    for line in skip_lines(report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple)):
        terminalreporter.write_line(line, yellow=True)
