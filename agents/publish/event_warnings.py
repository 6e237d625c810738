"""Warnings: what may be sent, but probably does not do what was meant."""

from collections.abc import Iterator

from agents.files.candidates import Candidate
from agents.files.mistakes import Mistake
from state.manifest.content import seller_name
from state.rules import Programme, Rulebook
from stream.canonical import zip_warning
from stream.events import AmendedBill, BillAmended, BillManifested, Shipment
from stream.postings import US_321


def warnings_of(event: Shipment, candidate: Candidate, rules: Rulebook) -> Iterator[Mistake]:
    """Yield what is odd in an event that may be sent; nothing of it is quoted."""
    if not isinstance(event, BillManifested | BillAmended):
        return
    bill, address = event.data, event.data.consignee.address
    if address is not None and (odd := zip_warning(address.postal, address.country)):
        yield _warning(candidate, "$.data.consignee.address.postal", "postal-code", odd)
    claimed = bill.programme or rules.default_programme
    yield from _programme_warnings(bill, rules.programmes.get(claimed), candidate)
    if claimed == US_321 and bill.mode == "truck" and not rules.is_us_state(address.state if address else None):
        expected = "expected the two-letter code of a state, such as TX, on a truck manifest"
        yield _warning(candidate, "$.data.consignee.address.state", "no-state", expected)


def _programme_warnings(bill: AmendedBill, programme: Programme | None, candidate: Candidate) -> Iterator[Mistake]:
    """Find what the programme of a bill needs and the bill does not say: it would be rejected."""
    if programme is None:
        expected = "expected a shipped programme, or one that the workers have a rule file for"
        yield _warning(candidate, "$.data.programme", "unknown-programme", expected)
        return
    if programme.date == "purchase" and bill.purchased_on is None:
        expected = "expected the date of purchase, by which this programme goes"
        yield _warning(candidate, "$.data.purchased_on", "no-purchase-date", expected)
    if programme.per_seller and seller_name(bill) is None:
        expected = "expected the name of the seller or the shipper: this programme sums per seller"
        yield _warning(candidate, "$.data.seller", "no-seller", expected)
    if programme.asks_weight and bill.weight_grams is None:
        yield _warning(
            candidate, "$.data.weight_grams", "no-weight", "expected the weight, which this programme limits"
        )


def _warning(candidate: Candidate, path: str, code: str, expected: str) -> Mistake:
    place = candidate.find(path)
    return Mistake(place.line, place.field, code, expected, place.origin)
