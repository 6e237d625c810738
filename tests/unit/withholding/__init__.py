"""Tests of the withholding step piece by piece; `desk` posts bills and reads decisions, nothing else is shared.

What the step decides is held against a plain model in tests/property/withholding.
"""
