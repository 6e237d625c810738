"""What the rulebook is asked with and what it answers: immutable, made once and shared."""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from state.rules.entries import Enforced


class DayRules(Struct, frozen=True):
    """The rules of one Eastern day. Money in cents; each `_rule` is the id of the entry that says so."""

    limit_cents: int
    limit_rule: str
    enforcement: Enforced
    enforcement_rule: str
    suspended_rule: str | None
    excluded_origins: Mapping[str, str]
    """Country of origin (ISO 3166) to the id of the rule that excludes it."""


class FilingFacts(Struct, frozen=True, gc=False):
    """What the filing rules ask of a bill; `manifested_day` is the Eastern day on which it was accepted."""

    filing: str
    mode: str
    manifested_day: date
    estimates: int
    bill_type: str | None
    quantity: int | None
    planned_port: str | None
    us_state: bool
    """Whether the consignee has an address with a two-letter code of a US state or territory."""
    hts: bool
    """Whether each line has a tariff number of ten digits; asked of type 86 alone, as is the description."""
    description: bool
    """Whether each line's description has a letter."""


class Rate(Struct, frozen=True):
    """US dollars for a unit of a currency: cents = amount in hundredths of the unit × numerator / denominator."""

    numerator: int
    denominator: int
    rule: str
