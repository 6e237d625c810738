"""What the rulebook is asked with and what it answers: immutable, made once and shared."""

from collections.abc import Collection, Mapping
from datetime import date

from msgspec import Struct

from state.rules.entries import Enforced
from state.rules.programmes import Amount
from stream.postings import US_321


class DayRules(Struct, frozen=True):
    """The rules of one programme on a bill's own day, in its zone; each `_rule` is the id of the entry that says so."""

    enforcement: Enforced
    enforcement_rule: str | None
    """None where the programme has no entry about it: then it withholds."""
    suspended_rule: str | None
    excluded_origins: Mapping[str, str]
    """Country of origin (ISO 3166) to the id of the rule that excludes it."""
    excluded_goods: tuple[tuple[str, str, str], ...]
    """Flag, filing, and the id of the rule by which such goods are not exempt, in the order of the entries."""
    single_value: Amount | None
    """The cap of a single bill's value; None where there is none."""
    single_weight: Amount | None
    """The cap of a single bill's weight; None where there is none."""
    within_limits: bool
    """False on a day without any limit: the programme is not in force then."""

    def goods_rule(self, flags: Collection[str], filing: str) -> str | None:
        """Id of the first rule by which goods with these flags are not exempt under this filing, or None."""
        return next((rule for flag, way, rule in self.excluded_goods if way == filing and flag in flags), None)


class FilingFacts(Struct, frozen=True, gc=False):
    """What the filing rules ask of a bill; `manifested_day` is the day of the programme's zone it was accepted on."""

    filing: str
    mode: str
    manifested_day: date
    estimates: int
    bill_type: str | None
    quantity: int | None
    planned_port: str | None
    us_state: bool
    """Whether the consignee has an address with a two-letter code of a US state or territory; asked of trucks alone."""
    hts: bool
    """Whether each line has a tariff number of ten digits; asked of type 86 alone, as is the description."""
    description: bool
    """Whether each line's description has a letter."""
    programme: str = US_321
    converted: bool = True
    """Whether each amount is in the programme's currency or could be converted."""
    purchased: bool = False
    """Whether the date of purchase is known."""
    seller: bool = True
    """Whether the seller, or else the shipper, has a name."""
    weighed: bool = False
    """Whether the weight is known."""


class Rate(Struct, frozen=True):
    """One currency in another: hundredths there = hundredths here × numerator / denominator."""

    numerator: int
    denominator: int
    rule: str
