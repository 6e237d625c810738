"""The deterministic simulator: both steps under seeded crashes, repeats, reorderings and moves, judged by an auditor.

A seed is a whole life; `python -m tests.simulation SEED` replays one. Nothing here reads a clock or waits.
"""
