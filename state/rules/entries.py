"""The entries of rule files: one type per section of a file, checked field by field when a file is read."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from stream.decisions import Outcome
from stream.events import Filing, Flag, Mode

Enforced = Literal["warn", "withhold"]
FilingCode = Literal[
    "282",
    "288",
    "bill-type",
    "no-quantity",
    "no-port",
    "no-hts",
    "no-description",
    "no-type86",
    "no-state",
    "no-exchange-rate",
]
"""In the order in which a decision lists them (DESIGN section 2)."""
Certainty = Literal["A", "B", "C", "D"]

Identifier = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]{1,62}[a-z0-9]$")]
Words = Annotated[str, Meta(min_length=10, max_length=2000)]
Dollars = Annotated[str, Meta(pattern=r"^\d{1,9}\.\d{2}$")]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]
Label = Annotated[str, Meta(min_length=1, max_length=70)]
Wording = Annotated[str, Meta(min_length=1, max_length=120)]


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields that every entry of a rule file has: its name, its source, how certain that is, and plain words."""

    id: Identifier
    source: Words
    certainty: Certainty
    text: Words


class Dated(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry that holds from its first to its last Eastern day, both included; without a day, that end is open."""

    first: date | None = field(default=None, name="from")
    last: date | None = field(default=None, name="until")


class Limit(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The daily limit per person, in dollars with two decimals; exactly the limit still passes."""

    dollars: Dollars

    @property
    def cents(self) -> int:
        """The limit in integer cents."""
        return int(self.dollars.replace(".", ""))


class Single(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The cap of a single bill, whatever else is on its day, in dollars with two decimals; exactly the cap passes."""

    programme: Literal["us-321"]
    measure: Literal["value"]
    amount: Dollars

    @property
    def cents(self) -> int:
        """The cap in integer cents."""
        return int(self.amount.replace(".", ""))


class Enforcement(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether an arrived bill that does not fit its day is withheld or warned about."""

    enforcement: Enforced


class Suspension(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days on which nothing is exempt, whatever its origin."""


class Exclusion(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Countries of origin (ISO 3166) whose goods are not exempt."""

    origins: Annotated[tuple[Country, ...], Meta(min_length=1)]


class Goods(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Goods that are not exempt under the named filings."""

    flag: Flag
    filings: Annotated[tuple[Filing, ...], Meta(min_length=1)]


class FilingRule(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule that a filing must obey; its days are those of `manifested_at`. A decision names `error`."""

    error: FilingCode


class CodeRule(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The code that ACE sends for an outcome, by filing, then by mode. No reasons mean any, no modes mean all."""

    filing: Filing
    outcome: Outcome
    channel: Label
    code: Label
    wording: Wording
    modes: Annotated[tuple[Mode, ...], Meta(max_length=5)] = ()
    reasons: Annotated[tuple[Label, ...], Meta(max_length=50)] = ()


class DocumentedCode(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A known code that no decision carries; the text says why."""

    channel: Label
    code: Label
    wording: Wording


class RateEntry(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars for one unit of a currency (ISO 4217), for all days of a calendar quarter, as decimal text."""

    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
    quarter: Annotated[str, Meta(pattern=r"^(19|20)\d{2}Q[1-4]$")]
    rate: Annotated[str, Meta(pattern=r"^\d{1,6}(\.\d{1,10})?$")]
    text: str = ""


class Constant(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole number that the judging of a day needs; the rulebook finds it by its id."""

    value: Annotated[int, Meta(ge=0, le=10**9)]
    unit: Literal["days", "percent", "cents"]


class CodeList(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of codes that entries or filings are checked against."""

    codes: Annotated[tuple[Label, ...], Meta(min_length=1)]


class RuleData(Struct, frozen=True):
    """All entries of a rulebook by section, in the order of the sections of a file."""

    limit: tuple[Limit, ...] = ()
    single: tuple[Single, ...] = ()
    enforcement: tuple[Enforcement, ...] = ()
    suspension: tuple[Suspension, ...] = ()
    exclusion: tuple[Exclusion, ...] = ()
    goods: tuple[Goods, ...] = ()
    filing: tuple[FilingRule, ...] = ()
    code: tuple[CodeRule, ...] = ()
    documented: tuple[DocumentedCode, ...] = ()
    rate: tuple[RateEntry, ...] = ()
    constant: tuple[Constant, ...] = ()
    codelist: tuple[CodeList, ...] = ()

    def __iter__(self) -> Iterator[tuple[str, tuple[Entry, ...]]]:
        """Yield each section's name and its entries."""
        for name in self.__struct_fields__:
            yield name, getattr(self, name)


SECTIONS: dict[str, type[Entry]] = {
    "limit": Limit,
    "single": Single,
    "enforcement": Enforcement,
    "suspension": Suspension,
    "exclusion": Exclusion,
    "goods": Goods,
    "filing": FilingRule,
    "code": CodeRule,
    "documented": DocumentedCode,
    "rate": RateEntry,
    "constant": Constant,
    "codelist": CodeList,
}
