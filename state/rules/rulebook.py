"""The rulebook: it looks up the rules of a day, the code of an outcome and the rate of a quarter."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, Self

from msgspec import structs

from state.rules.answers import DayRules, FilingFacts, Rate
from state.rules.entries import RuleData
from state.rules.periods import always, holds, in_force
from state.rules.tables import CodeTable, RateTable, code_table, day_rules, fingerprint, quarter_of, rate_table
from stream.decisions import Code, Enforcement

DAYS_CACHED = 4096
"""Days whose rules are cached: a stream has a few dozen open days, and a back-test of ten years fits."""

ENFORCEMENT_SETTING = "setting:enforcement"
"""Takes the place of a dated rule's id when the enforcement was set by hand; an entry's id never has a colon."""

DOLLAR = Rate(1, 1, "us-dollar")


@dataclass(frozen=True, slots=True, eq=False)
class Rulebook:
    """Dated rules, ready for look-ups; `load_rulebook` makes it, and it never changes.

    The caches hold only earlier results, so two calls with the same arguments always agree.
    """

    data: RuleData
    """All entries, section by section."""
    id: str
    """Fingerprint of all entries, 12 hexadecimal digits."""
    near_limit_percent: int
    """Share of the limit above which a consignee day is near its limit."""
    structuring_days: int
    """Days within which bills of one order count together for the structuring alert."""
    open_days: int
    """Days that a consignee day stays open after its end."""
    conveyance_days: int
    """Days after a conveyance's last event until its rows are removed."""
    advice_days: int
    """Days ahead that are searched for the next day on which a bill fits."""
    informal_limit_cents: int
    """Highest value of an informal entry (type 11)."""
    as_of_day: date | None
    """The day whose dated rules are used, or None for each bill's own day."""
    enforcement: Enforcement
    """`auto` for the dated rules, else the enforcement that was set by hand."""
    _codes: CodeTable = field(repr=False)
    _rates: RateTable = field(repr=False)
    _states: frozenset[str] = field(repr=False)
    _days: dict[date, DayRules] = field(repr=False)
    _filing: dict[date, frozenset[str]] = field(repr=False)

    def on(self, day: date) -> DayRules:
        """Return the rules of an Eastern day."""
        return self._days.get(day) or self._resolve(day)

    def _resolve(self, day: date) -> DayRules:
        rules = day_rules(self.data, self.as_of_day or day)
        if self.enforcement != "auto":
            rules = structs.replace(rules, enforcement=self.enforcement, enforcement_rule=ENFORCEMENT_SETTING)
        if len(self._days) >= DAYS_CACHED:
            self._days.clear()
        self._days[day] = rules
        return rules

    def filing_errors(self, bill: FilingFacts) -> tuple[str, ...]:
        """Return the filing rules that a bill breaks, each once, in the order of the contract.

        `no-exchange-rate` is not among them: the conversion of amounts finds it.
        """
        if bill.filing == "type86":
            return self._type86_errors(bill)
        if bill.mode == "truck" and not bill.us_state and "no-state" in self._filing_on(bill.manifested_day):
            return ("no-state",)
        return ()

    def _type86_errors(self, bill: FilingFacts) -> tuple[str, ...]:
        estimates, bill_type, quantity = bill.estimates, bill.bill_type, bill.quantity
        in_force_now = self._filing_on(bill.manifested_day)
        is_sound = estimates == 1 and bill_type and bill_type != "T" and quantity and bill.planned_port
        if is_sound and bill.hts and bill.description and "no-type86" not in in_force_now:
            return ()
        broken = (
            ("282", estimates == 0),
            ("288", estimates > 1),
            ("bill-type", not bill_type or bill_type == "T"),
            ("no-quantity", not quantity),
            ("no-port", not bill.planned_port),
            ("no-hts", not bill.hts),
            ("no-description", not bill.description),
            # Type 86 did not exist on the days on which this rule holds, so every type 86 filing breaks it.
            ("no-type86", True),
        )
        return tuple(code for code, is_broken in broken if is_broken and code in in_force_now)

    def _filing_on(self, day: date) -> frozenset[str]:
        held = self._filing.get(day)
        if held is None:
            at = self.as_of_day or day
            held = frozenset(entry.error for entry in self.data.filing if holds(entry, at))
            if len(self._filing) >= DAYS_CACHED:
                self._filing.clear()
            self._filing[day] = held
        return held

    def filing_rule(self, code: str, day: date | None = None) -> str:
        """Return the id of the filing error's rule that holds on `day`, else of the last; raise KeyError if none."""
        entries = [entry for entry in self.data.filing if entry.error == code]
        if not entries:
            raise KeyError(code)
        at = self.as_of_day or day
        held = None if at is None else in_force(entries, at)
        return (held or entries[-1]).id

    def is_us_state(self, state: str | None) -> bool:
        """Whether a text is the two-letter code of a US state or territory, in any case."""
        return state is not None and (state in self._states or state.upper() in self._states)

    def rate(self, currency: str, day: date) -> Rate | None:
        """Return the rate of a currency in the quarter of a day, or None if there is no entry.

        The day is the bill's own even under `as_of`: a rate is a fact of its quarter, not a rule that changes.
        """
        if currency == "USD":
            return DOLLAR
        return self._rates.get((currency, quarter_of(day)))

    def code(self, filing: str, mode: str, outcome: str, reason: str, day: date | None) -> Code | None:
        """Return the code that ACE sends for an outcome, by filing first, then by mode; None if none is known.

        Without a day, only rules that hold on every day are used.
        """
        found = self._codes.get((filing, mode, outcome))
        if found is None:
            return None
        at = self.as_of_day or day
        for rule, code in found:
            if (not rule.reasons or reason in rule.reasons) and (holds(rule, at) if at else always(rule)):
                return code
        return None

    def entry_type(self, value_cents: int) -> Literal["11", "01"]:
        """Return the type of the entry with duty that a value calls for: informal up to its limit, else formal."""
        return "11" if value_cents <= self.informal_limit_cents else "01"

    def as_of(self, day: date | None) -> Self:
        """Return a copy that uses the dated rules of one day (None: of each bill's own day); rates stay as they are."""
        return replace(self, as_of_day=day, _days={}, _filing={})

    def with_enforcement(self, enforcement: Enforcement) -> Self:
        """Return a copy with the enforcement set by hand, or with `auto` for the dated rules."""
        return replace(self, enforcement=enforcement, _days={})


def build_rulebook(data: RuleData) -> Rulebook:
    """Return a rulebook of entries that `reading` and `checking` have checked. No file is read."""
    values = {entry.id: entry.value for entry in data.constant}
    return Rulebook(
        data=data,
        id=fingerprint(data),
        near_limit_percent=values["near-limit-percent"],
        structuring_days=values["structuring-days"],
        open_days=values["open-days"],
        conveyance_days=values["conveyance-days"],
        advice_days=values["advice-days"],
        informal_limit_cents=values["informal-entry-limit"],
        as_of_day=None,
        enforcement="auto",
        _codes=code_table(data.code),
        _rates=rate_table(data.rate),
        _states=frozenset(code for entry in data.codelist if entry.id == "us-states" for code in entry.codes),
        _days={},
        _filing={},
    )
