"""The demonstration: a simulated day in August 2025, an embedded broker, and a live view of what Tallygate decides.

It runs the same workers as any deployment; only the command line, the benches and the tests import it. You may change
figures and invented names; after any other change check that the day still fits (`fitting.py`).
"""
