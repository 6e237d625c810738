"""Measuring: speed, latency, memory and the cost of large days, printed with their goals by `python -m tests.bench`.

Nothing here is product; each measurement has a short form in the tests, which looks at exactness and not at clocks.
"""
