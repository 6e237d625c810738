"""The browser's fixtures, for this folder; not for all tests, which need neither a browser nor the gateway to begin."""

from tests.browser.plugin import browser, chromium, stand_in

__all__ = ["browser", "chromium", "stand_in"]
