"""Arguments and results of the rulebook: immutable, made once and shared."""

from collections.abc import Collection, Mapping
from datetime import date

from msgspec import Struct

from state.rules.entries import Enforced


class DayRules(Struct, frozen=True):
    """The rules of one Eastern day. Money is in cents; each `_rule` is the id of the entry that the value is from."""

    limit_cents: int
    limit_rule: str
    enforcement: Enforced
    enforcement_rule: str
    suspended_rule: str | None
    excluded_origins: Mapping[str, str]
    """Country of origin (ISO 3166) to the id of the rule that excludes it."""
    single_cents: int | None
    """The cap of a single bill; None if there is none."""
    single_rule: str | None
    excluded_goods: tuple[tuple[str, str, str], ...]
    """Flag, filing, and id of the rule that excludes such goods, in the order of the entries."""

    def goods_rule(self, flags: Collection[str], filing: str) -> str | None:
        """Return the id of the first rule that excludes goods with these flags under this filing, or None."""
        return next((rule for flag, way, rule in self.excluded_goods if way == filing and flag in flags), None)


class FilingFacts(Struct, frozen=True, gc=False):
    """The facts of a bill that filing rules need; `manifested_day` is the Eastern day on which it was accepted."""

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
    """Whether each line has a tariff number of ten digits; only type 86 needs it, like the description."""
    description: bool
    """Whether each line's description has a letter."""


class Rate(Struct, frozen=True):
    """US dollars for one unit of a currency: cents = amount in hundredths of the unit × numerator / denominator."""

    numerator: int
    denominator: int
    rule: str
