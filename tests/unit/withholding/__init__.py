"""Tests of the withholding step part by part; `judged_step` posts bills and reads decisions, nothing else is shared.

What the step decides is held against a plain model in tests/property/withholding.
"""
