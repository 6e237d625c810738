"""The pages in a real Chromium: the browser as a fixture, a scripted gateway for faults, and tests of both pages.

What needs the real gateway is in `tests/integration/pages`; here everything that is hard to provoke there.
"""
