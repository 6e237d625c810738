"""What a programme changes in the postings of its bills: zone, currency, dates, seller, weight, and what is asked."""

from datetime import timedelta
from typing import Any

import pytest

from state.rules.loading import read_rule_file, rulebook_of, shipped_texts
from state.rules.rule_files import RuleText
from state.rules.rulebook import Rulebook
from stream.postings import PostedBill
from tests.unit.manifest.step_in_words import (
    CONVEYANCE,
    EVERY,
    EVERY_ID,
    KEYS,
    PROGRAMMES,
    START,
    Event,
    StepInWords,
    event,
    line,
    whole_bill,
)

GEL = [line("12.00", "GEL")]
BOUGHT: Event = {"programme": "by-purchase", "purchased_on": "2025-08-01"}
STATELESS = {"identifier_type": "EI", "identifier": "12-3456789"}


def posted(in_words: StepInWords, **changes: Any) -> PostedBill:
    """The bill as its first version is posted."""
    (posting,) = in_words.send(event("bill.manifested", whole_bill(**changes)))
    return posting.bills[0]


def arrival(instant: str | None) -> Event:
    """The conveyance's arrival."""
    return event("conveyance.arrived", {"conveyance": CONVEYANCE, "arrived_at": instant})


def with_rates(*rates: tuple[str, str, str, str]) -> Rulebook:
    """Every programme, and rates that are made up: currency, to, quarter, rate."""
    text = "".join(
        f'[[rate]]\nid = "rate-{number}"\ncurrency = "{currency}"\nto = "{to}"\nquarter = "{quarter}"\n'
        f'rate = "{rate}"\nsource = "made up for this test"\ncertainty = "C"\n'
        for number, (currency, to, quarter, rate) in enumerate(rates)
    )
    found = rulebook_of(shipped_texts(), [read_rule_file(PROGRAMMES), RuleText("rates.toml", text)])
    return found.with_programmes(EVERY_ID, "us-321")


def test_default_programme_is_filled_in() -> None:
    """A bill that names no programme has the default, and one that names it says the same."""
    in_words = StepInWords(rulebook=EVERY.with_programmes(["month", "us-321"], "month"))
    assert posted(in_words).programme == "month"
    in_words.send(event("bill.manifested", whole_bill(programme="month")))
    assert in_words.result.code == "repeat"
    in_words.send(event("bill.manifested", whole_bill(programme="us-321")))
    assert in_words.result.code == "version-conflict"
    assert posted(in_words, version=2, programme="us-321").programme == "us-321"


@pytest.mark.parametrize("says", [{}, {"programme": "us-321"}])
def test_us_321_posts_as_before_there_were_programmes(says: Event) -> None:
    """Neither the default nor what it does not ask for is written into a posting or a row."""
    in_words = StepInWords(rulebook=EVERY)
    posted(in_words, **says, seller="Shop", purchased_on="2025-08-01", weight_grams=900)
    assert not any(word in (in_words.outputs[0].value or b"") for word in (b"programme", b"seller", b"weight_grams"))
    plain = StepInWords(rulebook=EVERY)
    posted(plain)
    assert [len(value) for _, value in in_words.table.rows()] == [len(value) for _, value in plain.table.rows()]


@pytest.mark.parametrize(("programme", "enabled"), [("mars", "us-321"), ("month", "us-321"), ("us-321", "month")])
def test_of_an_unknown_programme_nothing_else_is_asked(programme: str, enabled: str) -> None:
    """Without an enabled programme a bill has no day, value or other error, and no conveyance's event posts it."""
    in_words = StepInWords(rulebook=EVERY.with_programmes([enabled], enabled))
    bill = posted(
        in_words, programme=programme, mode="truck", consignee=STATELESS, lines=[line(currency="EUR")],
        estimated_arrivals=["2025-08-20"], arrived_at="2025-08-20T12:00:00Z",
    )  # fmt: skip
    assert (bill.programme, bill.filing_errors) == (programme, ("unknown-programme",))
    assert (bill.stand, bill.day, bill.arrived, bill.value_cents, bill.seller) == ("waiting", None, False, None, None)
    assert in_words.send(arrival("2025-08-21T12:00:00Z")) == []
    (closed,) = in_words.send(event("bill.deleted", {"bill": "ACME0001", "conveyance": CONVEYANCE, "version": 2}))
    assert (closed.bills[0].stand, closed.bills[0].day, closed.bills[0].arrived) == ("closed", None, False)
    assert closed.bills[0].filing_errors == ("unknown-programme",)


def test_bill_may_change_its_programme() -> None:
    """A later version with an enabled programme has a day at once, and one without loses it."""
    in_words = StepInWords()
    in_words.send(arrival("2025-08-21T02:00:00Z"))
    assert posted(in_words, programme="mars").day is None
    bill = posted(in_words, version=2)
    assert (str(bill.day), bill.arrived, bill.filing_errors) == ("2025-08-20", True, ())
    assert posted(in_words, version=3, programme="mars").day is None


@pytest.mark.parametrize(
    ("programme", "instant", "day"),
    [
        ("us-gift", "2025-08-20T03:59:59Z", "2025-08-19"),
        ("us-gift", "2025-08-20T04:00:00Z", "2025-08-20"),
        ("month", "2025-08-31T19:59:59Z", "2025-08-31"),  # Baku, four hours ahead
        ("month", "2025-08-31T20:00:00Z", "2025-09-01"),
        ("year", "2026-01-01T04:59:59Z", "2025-12-31"),  # Guayaquil, five behind
        ("year", "2026-01-01T05:00:00Z", "2026-01-01"),
        ("half-hour", "2025-08-19T18:29:59Z", "2025-08-19"),
        ("half-hour", "2025-08-19T18:30:00Z", "2025-08-20"),
    ],
)
def test_day_is_that_of_the_programmes_zone(programme: str, instant: str, day: str) -> None:
    """A conveyance's arrival and estimate, and a bill's own arrival, have the date of the programme's zone."""
    says: Event = {"programme": programme, "weight_grams": 1}
    in_words = StepInWords(rulebook=EVERY)
    in_words.send(event("conveyance.estimated", {"conveyance": CONVEYANCE, "estimated_arrival": instant}))
    bill = posted(in_words, **says)
    assert (str(bill.day), bill.stand) == (day, "expected")
    (posting,) = in_words.send(arrival(instant))
    assert (str(posting.bills[0].day), posting.bills[0].stand) == (day, "arrived")
    bill = posted(StepInWords(rulebook=EVERY), arrived_at=instant, **says)
    assert (str(bill.day), bill.stand) == (day, "arrived")


def test_a_conveyances_event_moves_bills_by_their_own_zones() -> None:
    """A correction that crosses midnight in Baku alone posts the bills of that zone alone."""
    in_words = StepInWords(rulebook=EVERY)
    posted(in_words)
    posted(in_words, bill="ACME0002", programme="month")
    posted(in_words, bill="ACME0003", programme="month", arrived_at="2025-08-20T12:00:00Z")
    (posting,) = in_words.send(arrival("2025-08-31T19:00:00Z"))
    assert [(bill.bill, bill.programme, str(bill.day)) for bill in posting.bills] == [
        ("ACME0001", "us-321", "2025-08-31"),
        ("ACME0002", "month", "2025-08-31"),
    ]
    later = {**arrival("2025-08-31T20:00:00Z"), "time": "2025-08-31T21:00:00Z"}
    (posting,) = in_words.send(later)
    assert [(bill.bill, str(bill.day), bill.posting) for bill in posting.bills] == [("ACME0002", "2025-09-01", 3)]


def test_day_of_purchase() -> None:
    """A bill by date of purchase has its day at once; arrivals change the basis alone, estimates nothing."""
    in_words = StepInWords(rulebook=EVERY)
    bill = posted(in_words, **BOUGHT)
    assert (str(bill.day), bill.arrived, bill.stand) == ("2025-08-01", False, "expected")
    assert in_words.send(event("conveyance.estimated", {"conveyance": CONVEYANCE, "estimated_arrival": None})) == []
    (posting,) = in_words.send(arrival("2025-08-20T12:00:00Z"))
    bill = posting.bills[0]
    assert (str(bill.day), bill.arrived, bill.stand, bill.posting) == ("2025-08-01", True, "arrived", 2)
    assert in_words.send({**arrival("2025-09-20T12:00:00Z"), "time": "2025-09-20T12:00:00Z"}) == []
    (posting,) = in_words.send({**arrival(None), "time": "2025-09-21T12:00:00Z"})
    assert (str(posting.bills[0].day), posting.bills[0].arrived) == ("2025-08-01", False)
    assert posted(in_words, version=2, arrived_at="2025-08-20T12:00:00Z", **BOUGHT).stand == "arrived"
    bill = posted(in_words, version=3, programme="by-purchase", purchased_on="2025-08-02")
    assert (str(bill.day), bill.stand) == ("2025-08-02", "expected")


def test_without_date_of_purchase_there_is_no_day() -> None:
    """The error is told, the bill waits, an arrival does not post it, and its value is known all the same."""
    in_words = StepInWords(rulebook=EVERY)
    bill = posted(in_words, programme="by-purchase", purchased_on="", arrived_at="2025-08-20T12:00:00Z")
    assert (bill.filing_errors, bill.day, bill.stand) == (("no-purchase-date",), None, "waiting")
    assert (bill.value_cents, bill.seller) == (1200, KEYS.of_seller("Works"))
    assert in_words.send(arrival("2025-08-20T12:00:00Z")) == []


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"programme": "by-purchase"}, ("no-purchase-date",)),
        ({**BOUGHT, "shipper": {"name": "", "country": "FR"}}, ("no-seller",)),
        ({**BOUGHT, "seller": " \u3000", "shipper": {"name": " ", "country": "FR"}}, ("no-seller",)),
        ({**BOUGHT, "seller": "Shop", "shipper": {"name": "", "country": "FR"}}, ()),
        ({"programme": "flight", "lines": GEL}, ("no-weight",)),
        ({"programme": "flight", "lines": GEL, "weight_grams": ""}, ("no-weight",)),
        ({"programme": "flight", "lines": GEL, "weight_grams": 0}, ()),
        ({"programme": "year"}, ("no-weight",)),
        (
            {"programme": "flight", "lines": [line(currency="JPY")], "shipper": {"name": "", "country": "FR"}},
            ("no-exchange-rate", "no-seller", "no-weight"),
        ),
        ({"programme": "us-gift", "mode": "truck", "consignee": STATELESS}, ()),
        ({"programme": "us-gift", "filing": "type86"}, ()),
        ({"programme": "us-321", "mode": "truck", "consignee": STATELESS}, ("no-state",)),
    ],
)
def test_what_a_programme_needs_is_a_filing_rule(changes: Event, errors: tuple[str, ...]) -> None:
    """Date, seller and weight are asked where the programme needs them; the US filing rules are of us-321 alone."""
    assert posted(StepInWords(rulebook=EVERY), **changes).filing_errors == errors


def test_value_is_in_the_programmes_currency() -> None:
    """Lines are converted into it by the rate for the quarter in its zone; its own currency is taken as it is."""
    in_words = StepInWords(rulebook=with_rates(("USD", "GEL", "2025Q3", "2.7"), ("USD", "GEL", "2025Q2", "2.8")))
    says: Event = {"programme": "flight", "weight_grams": 1, "lines": [line("1.00"), line("0.05"), *GEL]}
    # Half past eight in the evening in London is July in Tbilisi.
    assert posted(in_words, manifested_at="2025-06-30T20:00:00Z", **says).value_cents == 270 + 14 + 1200
    assert (
        posted(in_words, bill="ACME0002", manifested_at="2025-06-30T19:59:59Z", **says).value_cents == 280 + 14 + 1200
    )
    bill = posted(in_words, bill="ACME0003", **{**says, "lines": [line(currency="JPY"), *GEL]})
    assert (bill.value_cents, bill.filing_errors) == (None, ("no-exchange-rate",))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"purchased_on": "2025-08-02"}, "version-conflict"),
        ({"weight_grams": 5}, "version-conflict"),
        ({"seller": "Other"}, "version-conflict"),
        ({"shipper": {"name": "Other", "country": "FR"}}, "version-conflict"),
        ({"programme": "other-purchase"}, "version-conflict"),
        ({"seller": "WORKS", "shipper": {"name": "Other", "country": "JP"}}, "repeat"),
        ({"seller": None, "weight_grams": ""}, "repeat"),
    ],
)
def test_fields_that_count_where_the_programme_sums_per_seller(changes: Event, code: str) -> None:
    """Of the seller the key counts, whether the shipper's name or the seller's made it."""
    in_words = StepInWords(rulebook=EVERY)
    posted(in_words, **BOUGHT)
    in_words.send(event("bill.manifested", whole_bill(**{**BOUGHT, **changes})))
    assert in_words.result.code == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"programme": "us-321"}, "repeat"),
        ({"seller": "Shop"}, "repeat"),
        ({"shipper": {"name": "Other", "country": "FR"}}, "repeat"),
        ({"purchased_on": "2025-08-01"}, "version-conflict"),
        ({"weight_grams": 0}, "version-conflict"),
        ({"programme": "us-gift"}, "version-conflict"),
    ],
)
def test_fields_that_count_of_us_321(changes: Event, code: str) -> None:
    """Date of purchase and weight count whatever the programme; the seller does not."""
    in_words = StepInWords()
    posted(in_words)
    in_words.send(event("bill.manifested", whole_bill(**changes)))
    assert in_words.result.code == code


def test_seller_key_is_posted_where_the_programme_sums_per_seller() -> None:
    """The seller's own name comes before the shipper's, and neither is in a posting or a row."""
    in_words = StepInWords(rulebook=EVERY)
    shipper = {"name": "Canary Works", "country": "FR"}
    assert posted(in_words, shipper=shipper, **BOUGHT).seller == KEYS.of_seller("Canary Works")
    sold = posted(in_words, version=2, shipper=shipper, seller="Canary Shop", **BOUGHT)
    assert sold.seller == KEYS.of_seller("CANARY  SHOP")
    (posting,) = in_words.send(arrival("2025-08-20T12:00:00Z"))
    assert posting.bills[0].seller == sold.seller
    written = b"".join(key + value for key, value in in_words.table.rows()) + (in_words.outputs[0].value or b"")
    assert b"anary" not in written
    assert posted(in_words, version=3, shipper=shipper, seller="Canary Shop", programme="month").seller is None


def test_weight_is_posted_where_an_entry_of_the_programme_is_on_weight() -> None:
    """A cap on weight, asks for it as a limit does; others leave it out."""
    in_words = StepInWords(rulebook=EVERY)
    for number, programme in enumerate(("flight", "year")):
        says: Event = {"bill": f"ACME000{number}", "programme": programme, "weight_grams": 3999, "lines": GEL}
        posted(in_words, **says)
        (posting,) = in_words.send(event("bill.disposed", {**_exit(says), "how": "exported"}))
        assert posting.bills[0].weight_grams == 3999
    assert posted(in_words, bill="ACME0009", programme="month", weight_grams=3999).weight_grams is None


def _exit(says: Event) -> Event:
    return {"bill": says["bill"], "conveyance": CONVEYANCE, "version": 2}


def test_programme_survives_the_fan_out() -> None:
    """What an arrival posts again says what the bill's own event said, but for stand, day and posting."""
    in_words = StepInWords(rulebook=EVERY)
    posted(in_words, **BOUGHT, order="o-1", weight_grams=7)
    posted(in_words, bill="ACME0002", programme="flight", lines=GEL, weight_grams=0, order="o-2", seller="Shop")
    before = [bytes(output.value or b"") for output in in_words.outputs]
    (posting,) = in_words.send(arrival("2025-08-20T12:00:00Z"))
    bought, flown = posting.bills
    assert (bought.programme, bought.order, bought.weight_grams, bought.seller) == (
        "by-purchase",
        "o-1",
        None,
        KEYS.of_seller("Works"),
    )
    assert (flown.programme, flown.order, flown.weight_grams, flown.seller) == (
        "flight",
        "o-2",
        0,
        KEYS.of_seller("Shop"),
    )
    start = before[0].index(b'"order"')
    after = bytes(in_words.outputs[0].value or b"")
    assert before[0][start:] == after[after.rindex(b'"order"') :]


@pytest.mark.parametrize(
    ("enabled", "days"), [(["us-321"], 45), (["by-purchase", "us-321"], 61), (["year", "us-321"], 396)]
)
def test_conveyances_are_kept_as_long_as_the_programmes_need(enabled: list[str], days: int) -> None:
    """The longest period that may be open, 45 days at least: on the last day the bill is known, then it is new."""
    rulebook = EVERY.with_programmes(enabled, "us-321")
    assert rulebook.conveyance_days == days
    for late, posting in ((days, 2), (days + 1, 1)):
        in_words = StepInWords(rulebook=rulebook)
        posted(in_words)
        time = f"{_date_after(late)}T00:00:00Z"
        (found,) = in_words.send({**event("bill.amended", whole_bill(version=2)), "time": time})
        assert found.bills[0].posting == posting


def _date_after(days: int) -> str:
    return (START.date() + timedelta(days=days)).isoformat()


def test_step_is_told_by_its_default_programme_and_tells_its_programmes() -> None:
    """The default is in the step's fingerprint, which is that of before for us-321; structures are told one by one."""
    step, other = (
        StepInWords(rulebook=EVERY).step,
        StepInWords(rulebook=EVERY.with_programmes(EVERY_ID, "by-purchase")).step,
    )
    assert step.fingerprint == f"manifest-rows-2:us-321:{KEYS.fingerprint}"
    assert other.fingerprint == f"manifest-rows-2:by-purchase:{KEYS.fingerprint}"
    assert step.programmes == {name: EVERY.programmes[name].fingerprint for name in EVERY_ID}
