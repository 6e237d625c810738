"""Filing rules and excluded goods: which bills they refuse, in which order, and from when."""

from datetime import date
from typing import Any, get_args

import msgspec
import pytest

from state.rules import FilingFacts, load_rulebook
from state.rules.entries import FilingCode

BOOK = load_rulebook()
AUGUST = date(2025, 8, 20)
SOUND = FilingFacts("type86", "air", AUGUST, 1, "M", 1, "4701", us_state=False, hts=True, description=True)

# what is changed in a sound type 86 filing, and what that breaks
TYPE86: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({}, ()),
    ({"estimates": 0}, ("282",)),
    ({"estimates": 2}, ("288",)),
    ({"bill_type": None}, ("bill-type",)),
    ({"bill_type": "T"}, ("bill-type",)),
    ({"bill_type": ""}, ("bill-type",)),
    ({"bill_type": "R"}, ()),
    ({"quantity": None}, ("no-quantity",)),
    ({"quantity": 0}, ("no-quantity",)),
    ({"planned_port": None}, ("no-port",)),
    ({"planned_port": ""}, ("no-port",)),
    (
        {"estimates": 0, "bill_type": None, "quantity": None, "planned_port": None},
        ("282", "bill-type", "no-quantity", "no-port"),
    ),
    (
        {"estimates": 2, "bill_type": "T", "quantity": 0, "planned_port": None, "mode": "truck"},
        ("288", "bill-type", "no-quantity", "no-port"),
    ),
    ({"hts": False}, ("no-hts",)),
    ({"description": False}, ("no-description",)),
    ({"manifested_day": date(2019, 9, 27)}, ("no-type86",)),
    ({"manifested_day": date(2019, 9, 28)}, ()),
    (
        {"estimates": 2, "bill_type": "T", "quantity": 0, "planned_port": "", "hts": False, "description": False},
        ("288", "bill-type", "no-quantity", "no-port", "no-hts", "no-description"),
    ),
    (
        {
            "estimates": 0,
            "bill_type": "",
            "quantity": 0,
            "planned_port": "",
            "hts": False,
            "description": False,
            "manifested_day": date(2019, 9, 27),
        },
        ("bill-type", "no-quantity", "no-port", "no-hts", "no-description", "no-type86"),
    ),
    ({"estimates": 0, "manifested_day": date(2024, 7, 24)}, ()),
    ({"estimates": 2, "manifested_day": date(2024, 7, 24)}, ()),
    ({"estimates": 0, "manifested_day": date(2024, 7, 25)}, ("282",)),
    ({"estimates": 0, "bill_type": "T", "manifested_day": date(2024, 7, 24)}, ("bill-type",)),
]


@pytest.mark.parametrize(("changes", "broken"), TYPE86)
def test_type86_filings(changes: dict[str, Any], broken: tuple[str, ...]) -> None:
    """A type 86 filing breaks exactly these rules, in fixed order, dated by the day it was manifested."""
    assert BOOK.filing_errors(msgspec.structs.replace(SOUND, **changes)) == broken


@pytest.mark.parametrize("mode", ["air", "ocean", "rail", "truck", "mail"])
@pytest.mark.parametrize("us_state", [True, False])
def test_manifest_filings(mode: str, us_state: bool) -> None:
    """On a manifest only a truck bill whose consignee has no US state is refused; nothing of type 86 is asked for."""
    bill = FilingFacts("manifest", mode, AUGUST, 0, None, None, None, us_state, hts=False, description=False)
    assert BOOK.filing_errors(bill) == (("no-state",) if mode == "truck" and not us_state else ())


def test_filing_rules_follow_as_of() -> None:
    """An as-of date dates the filing rules too."""
    bill = msgspec.structs.replace(SOUND, estimates=0)
    assert BOOK.as_of(date(2024, 7, 24)).filing_errors(bill) == ()
    old = msgspec.structs.replace(bill, manifested_day=date(2020, 1, 1))
    assert BOOK.as_of(AUGUST).filing_errors(old) == ("282",)
    assert BOOK.as_of(date(2019, 9, 27)).filing_errors(bill) == ("no-type86",)


def test_every_filing_error_names_its_rule() -> None:
    """Each error code leads to the entry behind it; an unknown code is an error of the caller."""
    assert [BOOK.filing_rule(code, AUGUST) for code in get_args(FilingCode)] == [
        "filing-estimate-missing",
        "filing-estimate-double",
        "filing-bill-type",
        "filing-no-quantity",
        "filing-no-port",
        "filing-no-hts",
        "filing-no-description",
        "filing-no-type86",
        "filing-no-state",
        "filing-no-exchange-rate",
        "filing-no-purchase-date",
        "filing-no-seller",
        "filing-no-weight",
        "filing-unknown-programme",
    ]
    assert BOOK.filing_rule("282") == "filing-estimate-missing"
    with pytest.raises(KeyError):
        BOOK.filing_rule("318")


@pytest.mark.parametrize("state", ["NY", "ny", "Ca", "DC", "PR", "VI", "GU", "AS", "MP"])
def test_us_states(state: str | None) -> None:
    """States, the district and territories count, in any case."""
    assert BOOK.is_us_state(state)


@pytest.mark.parametrize("state", [None, "", " ", " CA ", "ON", "BC", "XX", "New York", "N Y", "AA", "UM"])
def test_other_texts_are_no_us_states(state: str | None) -> None:
    """Nothing, provinces, names in full and military codes are no US state."""
    assert not BOOK.is_us_state(state)


def test_fifty_states_a_district_and_five_territories() -> None:
    """The shipped list has 56 codes."""
    codes = next(entry.codes for entry in BOOK.data.codelist if entry.id == "us-states")
    assert len(set(codes)) == len(codes) == 50 + 1 + 5
