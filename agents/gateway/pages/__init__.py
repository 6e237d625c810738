"""The pages of scanner and compliance officer: plain HTML, CSS and JavaScript in `static/`, no build step.

You may change the files there. The browser lets them ask this gateway only and run no script in markup
(`page_server.py` sets that policy); the tests in `tests/browser` drive them in a real Chromium.
"""
