"""Warnings: what may be sent, but probably does not do what was meant."""

from collections.abc import Iterator
from functools import cache

from agents.files.candidates import Candidate
from agents.files.mistakes import Mistake
from state.rules import Rulebook, load_rulebook
from stream.canonical import zip_warning
from stream.events import BillAmended, BillManifested, Shipment


@cache
def _rules() -> Rulebook:
    return load_rulebook()


def warnings_of(event: Shipment, candidate: Candidate) -> Iterator[Mistake]:
    """Yield what is odd in an event that may be sent; nothing of it is quoted."""
    if not isinstance(event, BillManifested | BillAmended):
        return
    bill, address = event.data, event.data.consignee.address
    if address is not None and (odd := zip_warning(address.postal, address.country)):
        yield _warning(candidate, "$.data.consignee.address.postal", "postal-code", odd)
    if bill.mode == "truck" and not _rules().is_us_state(address.state if address else None):
        expected = "expected the two-letter code of a state, such as TX, on a truck manifest"
        yield _warning(candidate, "$.data.consignee.address.state", "no-state", expected)


def _warning(candidate: Candidate, path: str, code: str, expected: str) -> Mistake:
    place = candidate.find(path)
    return Mistake(place.line, place.field, code, expected)
