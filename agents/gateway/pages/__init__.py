"""The pages of scanner and compliance officer: plain HTML, CSS and JavaScript in `static/`, no build step.

Change the files there freely; they may ask nobody but this gateway and run nothing that stands in markup (`serving.py`
says so to the browser), and the tests in `tests/browser` drive them in a real Chromium.
"""
