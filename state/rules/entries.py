"""The entries of rule files: one type per section of a file, checked field by field when a file is read."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from state.rules.programmes import MeasureName, Overflow, Window
from stream.decisions import Outcome
from stream.events import Filing, Flag, Mode
from stream.postings import US_321

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
    "no-purchase-date",
    "no-seller",
    "no-weight",
    "unknown-programme",
]
"""In the order in which a decision lists them (DESIGN section 2)."""
GENERAL_ERRORS: tuple[FilingCode, ...] = (
    "no-exchange-rate",
    "no-purchase-date",
    "no-seller",
    "no-weight",
    "unknown-programme",
)
"""Filing errors that can meet a bill of any programme, on any day."""
Certainty = Literal["A", "B", "C", "D"]

Identifier = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]{1,62}[a-z0-9]$")]
Words = Annotated[str, Meta(min_length=10, max_length=2000)]
Money = Annotated[str, Meta(pattern=r"^\d{1,9}\.\d{2}$")]
WholeNumber = Annotated[int, Meta(ge=0, le=10**9)]
ProgrammeId = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,38}$")]
Programmes = Annotated[tuple[ProgrammeId, ...], Meta(min_length=1, max_length=100)]
CurrencyCode = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]
Label = Annotated[str, Meta(min_length=1, max_length=70)]
Wording = Annotated[str, Meta(min_length=1, max_length=120)]


class RuleEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields that every entry of a rule file has: its name, its source, how certain that is, and plain words."""

    id: Identifier
    source: Words
    certainty: Certainty
    text: Words
    verified: date | None = None
    """The day on which somebody last read the source; an own file may leave it out."""


class Dated(RuleEntry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry that holds from its first to its last day in its zone, both included; without one, that end is open."""

    first: date | None = field(default=None, name="from")
    last: date | None = field(default=None, name="until")


class Scoped(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dated entry that is of the programmes it names; without a name, of `us-321`."""

    programmes: Programmes = ()

    def concerns(self, programme: str) -> bool:
        """Whether the entry is of a programme."""
        return programme in self.programmes if self.programmes else programme == US_321


class ProgrammeRule(RuleEntry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An exemption with limits per person and period: what is summed, for whom, and what happens above the limit."""

    id: ProgrammeId
    title: Label
    zone: Label
    currency: CurrencyCode
    date: Literal["arrival", "purchase"]
    window: Window
    overflow: Overflow
    open_days: Annotated[int, Meta(ge=0, le=366)]
    per: Annotated[tuple[Literal["seller"], ...], Meta(max_length=1)] = ()
    unaggregated_modes: Annotated[tuple[Mode, ...], Meta(max_length=5)] = ()


class Measured(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount that a programme allows: money as text with two decimals, bills or grams as a whole number."""

    programme: ProgrammeId
    measure: MeasureName
    amount: Money | WholeNumber

    @property
    def units(self) -> int:
        """The amount in cents, bills or grams."""
        return self.amount if isinstance(self.amount, int) else int(self.amount.replace(".", ""))


class Limit(Measured, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limit per person and period; exactly the limit still passes."""


class Single(Measured, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The cap of a single bill, whatever else is in its period; exactly the cap passes."""

    measure: Literal["value", "weight"]


class Enforcement(Scoped, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether an arrived bill that does not fit is withheld or warned about."""

    enforcement: Enforced


class Suspension(Scoped, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days on which nothing is exempt, whatever its origin."""


class Exclusion(Scoped, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Countries of origin (ISO 3166) whose goods are not exempt."""

    origins: Annotated[tuple[Country, ...], Meta(min_length=1)]


class Goods(Scoped, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Goods that are not exempt under the named filings."""

    flag: Flag
    filings: Annotated[tuple[Filing, ...], Meta(min_length=1)]


class FilingRule(Scoped, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule that a filing must obey; its days are those of `manifested_at`. A decision names `error`."""

    error: FilingCode

    def concerns(self, programme: str) -> bool:
        """Whether the rule is of a programme; some are of all."""
        return self.error in GENERAL_ERRORS or Scoped.concerns(self, programme)


class CodeRule(Scoped, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The code that ACE sends for an outcome, by filing, then by mode. No reasons mean any, no modes mean all."""

    filing: Filing
    outcome: Outcome
    channel: Label
    code: Label
    wording: Wording
    modes: Annotated[tuple[Mode, ...], Meta(max_length=5)] = ()
    reasons: Annotated[tuple[Label, ...], Meta(max_length=50)] = ()


class DocumentedCode(RuleEntry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A known code that no decision carries; the text says why."""

    channel: Label
    code: Label
    wording: Wording


class RateEntry(RuleEntry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one unit of a currency is in another (ISO 4217), on all days of a calendar quarter, as decimal text."""

    currency: CurrencyCode
    to: CurrencyCode = "USD"
    quarter: Annotated[str, Meta(pattern=r"^(19|20)\d{2}Q[1-4]$")]
    rate: Annotated[str, Meta(pattern=r"^\d{1,6}(\.\d{1,10})?$")]
    text: str = ""


class Constant(RuleEntry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole number that the judging of a day needs; the rulebook finds it by its id."""

    value: WholeNumber
    unit: Literal["days", "percent", "cents"]


class CodeList(RuleEntry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of codes that entries or filings are checked against."""

    codes: Annotated[tuple[Label, ...], Meta(min_length=1)]


class Unjudged(RuleEntry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A limit per person and period that is known and not judged, and what is missing to judge it."""

    title: Label
    missing: Words


class RuleData(Struct, frozen=True):
    """All entries of a rulebook by section, in the order of the sections of a file."""

    programme: tuple[ProgrammeRule, ...] = ()
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
    unjudged: tuple[Unjudged, ...] = ()

    def __iter__(self) -> Iterator[tuple[str, tuple[RuleEntry, ...]]]:
        """Yield each section's name and its entries."""
        for name in self.__struct_fields__:
            yield name, getattr(self, name)


SECTIONS: dict[str, type[RuleEntry]] = {
    "programme": ProgrammeRule,
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
    "unjudged": Unjudged,
}
