"""What a bill's posting carries: its value in cents, origins, flags and filing errors, and no name."""

from datetime import date
from typing import Any

import pytest

from state.manifest.content import is_whole_hts
from state.manifest.step import ManifestStep
from state.rules.loading import rulebook_of, shipped_texts
from state.rules.rule_files import RuleText
from stream.postings import PostedBill
from tests.unit.manifest.step_in_words import KEYS, START, Event, StepInWords, event, line, whole_bill, written

# The rates in this file are made up.
SOUND: Event = {
    "filing": "type86",
    "bill_type": "H",
    "quantity": 1,
    "planned_port": "4701",
    "estimated_arrivals": ["2025-08-20"],
}
STATELESS = {"identifier_type": "EI", "identifier": "12-3456789"}
RATES = "".join(
    f'[[rate]]\nid = "{currency.lower()}-{quarter.lower()}"\ncurrency = "{currency}"\nquarter = "{quarter}"\n'
    f'rate = "{rate}"\nsource = "made up for this test"\ncertainty = "C"\n'
    for currency, quarter, rate in (("EUR", "2025Q2", "1.5"), ("EUR", "2025Q3", "1.1"), ("JPY", "2025Q3", "999999"))
)


def in_state(state: str | None) -> Event:
    """Somebody whose address names this state."""
    whole: Event = whole_bill()["consignee"]
    return {**whole, "address": {**whole["address"], "state": state}}


def posted(in_words: StepInWords, **changes: Any) -> PostedBill:
    """The bill as its first version is posted."""
    (posting,) = in_words.send(event("bill.manifested", whole_bill(**changes)))
    return posting.bills[0]


def desk_with_rates() -> StepInWords:
    """A in words whose rulebook knows euros."""
    in_words = StepInWords()
    in_words.step = ManifestStep(rulebook_of(shipped_texts(), [RuleText("rates.toml", RATES)]), KEYS)
    return in_words


@pytest.mark.parametrize(
    ("lines", "cents"),
    [
        ([line("12.00")], 1200),
        ([line("12"), line("0.5"), line("0.05")], 1255),
        ([line("0")], 0),
        ([line("999999999.99")] * 999, 99999999999 * 999),
        ([line("0.05", "EUR")], 6),  # 5.5 cents
        ([line("0.04", "EUR")], 4),  # 4.4 cents
        ([line("0.05", "EUR"), line("0.05", "EUR")], 12),  # each line by itself, not 11 together
        ([line("1.00", "EUR"), line("1.00")], 210),
        ([line("999999999.99", "JPY")] * 2, 10**15),  # 2 × 10^17, by a rate without sense
    ],
)
def test_value_is_the_sum_of_lines_each_converted_half_up(lines: list[Event], cents: int) -> None:
    """Value in cents, whatever the lines' currencies."""
    bill = posted(desk_with_rates(), lines=lines)
    assert (bill.value_cents, bill.filing_errors) == (cents, ())


def test_missing_rate_is_a_filing_error_without_value() -> None:
    """One line in a currency without rate leaves the whole bill without a value."""
    bill = posted(desk_with_rates(), lines=[line(), line(currency="CAD")])
    assert (bill.value_cents, bill.filing_errors) == (None, ("no-exchange-rate",))


def test_rate_and_filing_rules_are_dated_by_the_first_applied_version() -> None:
    """A later version's `manifested_at` changes neither rate nor rules nor the place in the manifest."""
    in_words = desk_with_rates()
    sound = {**SOUND, "estimated_arrivals": [], "lines": [line("1.00", "EUR")]}
    first = posted(in_words, manifested_at="2025-06-30T23:00:00-04:00", sequence=3, **sound)
    assert (first.value_cents, first.filing_errors) == (150, ("282",))
    later = whole_bill(version=2, manifested_at="2025-07-01T00:00:00-04:00", sequence=4, **sound)
    (posting,) = in_words.send(event("bill.amended", later))
    again = posting.bills[0]
    assert (again.value_cents, again.sequence, again.manifested_at) == (150, 3, first.manifested_at)


def test_filing_rules_of_a_bill_manifested_before_they_began() -> None:
    """282 is asked from 25 July 2024 only, by the day of the first applied version."""
    in_words, sound = StepInWords(), {**SOUND, "estimated_arrivals": []}
    assert posted(in_words, manifested_at="2024-07-25T03:59:59Z", **sound).filing_errors == ()
    later = whole_bill(version=2, manifested_at="2025-08-01T00:00:00Z", **sound)
    (posting,) = in_words.send(event("bill.amended", later))
    assert posting.bills[0].filing_errors == ()


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"filing": "type86"}, ("282", "bill-type", "no-quantity", "no-port")),
        (
            {"filing": "type86", "bill_type": "", "quantity": "", "planned_port": "", "estimated_arrivals": ""},
            ("282", "bill-type", "no-quantity", "no-port"),
        ),
        ({**SOUND, "quantity": 0}, ("no-quantity",)),
        ({**SOUND, "manifested_at": "2019-09-28T03:59:59Z"}, ("no-type86",)),
        ({**SOUND, "manifested_at": "2019-09-28T04:00:00Z"}, ()),
        ({**SOUND, "lines": [line(), {**line(), "hts": ""}]}, ("no-hts",)),
        ({**SOUND, "lines": [{**line(), "description": "12-3!"}, line()]}, ("no-description",)),
        ({"filing": "type86", "estimated_arrivals": ["2025-08-20", "2025-08-21"], "bill_type": "T"}, None),
        ({"mode": "truck"}, ()),
        ({"mode": "truck", "consignee": STATELESS}, ("no-state",)),
        ({"mode": "truck", "consignee": in_state("Texas")}, ("no-state",)),
        ({"mode": "truck", "consignee": in_state("")}, ("no-state",)),
        ({"mode": "truck", "consignee": in_state(None)}, ("no-state",)),
        ({"mode": "truck", "consignee": in_state("tx")}, ()),
        ({"mode": "truck", "filing": "type86", "consignee": STATELESS}, ("282", "bill-type", "no-quantity", "no-port")),
        ({"mode": "truck", "consignee": STATELESS, "lines": [line(currency="EUR")]}, ("no-state", "no-exchange-rate")),
    ],
)
def test_filing_errors_travel_in_the_posting(changes: Event, errors: tuple[str, ...] | None) -> None:
    """What the rulebook finds is posted, an unknown rate last."""
    expected = ("288", "bill-type", "no-quantity", "no-port") if errors is None else errors
    assert posted(StepInWords(), **changes).filing_errors == expected


def test_filing_errors_survive_in_the_row() -> None:
    """A fan-out posts the errors that the bill's version had."""
    in_words = StepInWords()
    posted(in_words, filing="type86", lines=[line(currency="EUR", flags=("quota", "adcvd"), origin="JP")], order="o-1")
    first = in_words.outputs
    assert in_words.answer("ata 20") == "applied: A arrived 20a v1 p2"
    before, after = (bytes(one.value or b"") for one in (first[0], in_words.outputs[0]))
    start = before.index(b'"order"')
    assert before[start:] == after[after.index(b'"order"') :]


@pytest.mark.parametrize("digits", ["9503000073", "9503.00.0073", "9503-00 0073", "....9503000073"])
def test_ten_digits_are_a_tariff_number(digits: str) -> None:
    """Full stops, hyphens and spaces of a tariff number do not count."""
    assert is_whole_hts(digits)


@pytest.mark.parametrize(
    "text", ["", "9503", "950300007", "95030000731", "9503.00.007A", "９５０３００００７３", "9503\t000073"]
)
def test_other_texts_are_no_tariff_number(text: str) -> None:
    """Fewer or more digits, letters, other scripts' digits and other signs are refused."""
    assert not is_whole_hts(text)


@pytest.mark.parametrize(
    ("text", "said"), [("玩具", True), ("é", True), ("1a", True), ("", False), ("½", False), ("—", False)]
)
def test_description_needs_a_letter(text: str, said: bool) -> None:
    """One letter of any script is a description."""
    errors = posted(StepInWords(), **SOUND, lines=[{**line(), "description": text}]).filing_errors
    assert errors == (() if said else ("no-description",))


@pytest.mark.parametrize("last", ["delete 2", "dispose 2 exported", "amend 2"])
def test_filing_errors_are_posted_whatever_the_row(last: str) -> None:
    """A closed or waiting bill carries its filing errors too; only what moved away does not."""
    in_words = StepInWords()
    sent = {**whole_bill(mode="truck", consignee=STATELESS)}
    assert in_words.send(event("bill.manifested", sent))[0].bills[0].filing_errors == ("no-state",)
    postings = in_words.send(written(last, START) if last[0] == "d" else event("bill.amended", {**sent, "version": 2}))
    assert [bill.filing_errors for posting in postings for bill in posting.bills] == [("no-state",)]


def test_bill_closed_at_once_carries_its_filing_errors() -> None:
    """An exit that waited closes the bill, and what is wrong with its filing is posted all the same."""
    in_words = StepInWords()
    in_words.answer("delete 2")
    (posting,) = in_words.send(event("bill.amended", whole_bill(filing="type86", lines=[line(currency="EUR")])))
    bill = posting.bills[0]
    assert (bill.stand, bill.value_cents) == ("closed", None)
    assert bill.filing_errors == ("282", "bill-type", "no-quantity", "no-port", "no-exchange-rate")


def test_origins_and_flags_are_each_once_and_sorted() -> None:
    """Of many lines every origin and flag is posted once."""
    lines = [line(origin="JP", flags=("quota",)), line(origin="DE"), line(origin="JP", flags=("pga", "fda", "quota"))]
    bill = posted(StepInWords(), lines=lines)
    assert (bill.origins, bill.flags) == (("DE", "JP"), ("fda", "pga", "quota"))


def test_nobody_is_named_in_postings_rows_or_letters() -> None:
    """Names and addresses stay in the event: the canary is in no posting and no row."""
    in_words = StepInWords()
    posted(in_words, order="o-1")
    for words in ("ata 20", "amend 2 B", "amend 2 C", "delete 3"):
        in_words.answer(words)
        headers = b"".join(value for one in in_words.outputs for _, value in one.headers)
        assert b"Canary" not in headers + b"".join(one.value or b"" for one in in_words.outputs if not one.headers)
    assert b"Canary" not in b"".join(key + value for key, value in in_words.table.rows())


def test_posting_says_where_it_comes_from() -> None:
    """Time in UTC, consignee key as record key too, conveyance, and the place of the event."""
    in_words = StepInWords(partitions=1)
    record = in_words.record({**event("bill.manifested", whole_bill()), "time": "2025-08-18T02:00:00+02:00"})
    (posting,) = in_words.judge(record)
    assert (posting.time.isoformat(), posting.offset) == ("2025-08-18T00:00:00+00:00", record.offset)
    assert in_words.outputs[0].key == posting.consignee.encode()
    assert b'"time":"2025-08-18T00:00:00Z"' in (in_words.outputs[0].value or b"")
    assert posting.bills[0].manifested_at.date() == date(2025, 8, 18)
