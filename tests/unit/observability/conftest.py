"""Logging as it was before, after each test that sets it up."""

import logging
import sys
from collections.abc import Iterator

import pytest

from agents.observability.log import LIBRARIES


@pytest.fixture(autouse=True)
def _former_logging() -> Iterator[None]:
    """Put back what `configure` changes for a whole process."""
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in LIBRARIES}
    yield
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)
    for name, former in levels.items():
        logging.getLogger(name).setLevel(former)
    logging.captureWarnings(capture=False)
