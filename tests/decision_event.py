"""A decision in its envelope, made plainly: the steps write the same bytes from templates."""

from datetime import datetime

from stream.decisions import SOURCE, TYPE, Decision, DecisionData


def decision_event(data: DecisionData, time: datetime) -> Decision:
    """Return the decision in its envelope; `time` is that of the shipment event that led to it."""
    rank = f"{data.epoch}/{data.bill_version}/{data.posting}/{data.revision}"
    return Decision("1.0", f"{data.bill}/{data.conveyance}/{rank}", SOURCE, TYPE, time, data)
