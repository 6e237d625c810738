"""What the rulebook is asked with and what it answers: immutable, made once and shared."""

from collections.abc import Collection, Mapping
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
    single_cents: int | None
    """The cap of a single bill; None where there is none."""
    single_rule: str | None
    excluded_goods: tuple[tuple[str, str, str], ...]
    """Flag, filing, and the id of the rule by which such goods are not exempt, in the order of the entries."""

    def goods_rule(self, flags: Collection[str], filing: str) -> str | None:
        """Id of the first rule by which goods with these flags are not exempt under this filing, or None."""
        return next((rule for flag, way, rule in self.excluded_goods if way == filing and flag in flags), None)


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
