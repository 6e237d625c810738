"""The withholding step: it judges posting records into decisions, over rows of consignee days.

Use `WithholdingStep`. Everything else here may change with the row format.
"""

from state.withholding.step import WithholdingStep

__all__ = ["WithholdingStep"]
