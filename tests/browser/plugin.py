"""Fixtures for tests in a real browser: one for each module, and a scripted gateway."""

from collections.abc import Iterator

import pytest

from tests.browser.driver import Browser
from tests.browser.stand_in import StandIn
from tests.prerequisites import require


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a browser, one for all tests of a module."""
    require("chromium")
    with Browser() as browser:
        yield browser


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """Yield the browser as if it had never been used; it logged no complaint and asked only this gateway."""
    chromium.forget()
    yield chromium
    chromium.leave()


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    """Return a gateway that serves the real pages and says what the test tells it to."""
    with StandIn() as running:
        yield running
