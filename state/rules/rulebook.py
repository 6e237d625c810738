"""The rulebook: it looks up the rules of a day, the code of an outcome and the rate of a quarter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, Self

from msgspec import structs

from state.rules.day_rules import DayRules, FilingFacts, Rate
from state.rules.entries import RuleData
from state.rules.programmes import ENABLED_UNLESS_SET, Limits, Programme
from state.rules.rule_dates import always, holds, in_force
from state.rules.rule_errors import RulebookError
from state.rules.rule_tables import (
    CodeTable,
    RateTable,
    code_table,
    day_rules,
    fingerprint,
    limits_on,
    programme_of,
    quarter_of,
    rate_table,
)
from stream.decisions import Code, Enforcement
from stream.postings import US_321
from stream.topics import KEPT_DAYS

DAYS_CACHED = 4096
"""Days of a programme whose rules are cached: a stream has a few dozen open, and a back-test of ten years fits."""

ENFORCEMENT_SETTING = "setting:enforcement"
"""Takes the place of a dated rule's id when the enforcement was set by hand; an entry's id never has a colon."""

DOLLAR = Rate(1, 1, "us-dollar")
SAME_CURRENCY = Rate(1, 1, "same-currency")


@dataclass(frozen=True, slots=True, eq=False)
class Rulebook:
    """Dated rules, ready for look-ups; `load_rulebook` makes it, and it never changes.

    The caches hold only earlier results, so two calls with the same arguments always agree.
    """

    data: RuleData
    """All entries, section by section."""
    id: str
    """Fingerprint of all entries, 12 hexadecimal digits."""
    known: Mapping[str, Programme]
    """All programmes that have an entry, by id."""
    programmes: Mapping[str, Programme]
    """The enabled programmes, sorted by id."""
    default_programme: str
    """The programme of a bill that names none."""
    near_limit_percent: int
    """Share of the limit above which a ledger is near its limit."""
    structuring_days: int
    """Days within which bills of one order count together for the structuring alert."""
    least_conveyance_days: int
    """Days after a conveyance's last event until its rows are removed, whichever programmes are enabled."""
    advice_days: int
    """Days ahead that are searched for the next day on which a bill fits."""
    informal_limit_cents: int
    """Highest value of an informal entry (type 11)."""
    as_of_day: date | None
    """The day whose dated rules are used, or None for each bill's own day."""
    enforcement: Enforcement
    """`auto` for the dated rules, else the enforcement that was set by hand."""
    _codes: dict[str, CodeTable] = field(repr=False)
    _rates: RateTable = field(repr=False)
    _states: frozenset[str] = field(repr=False)
    _days: dict[str, dict[date, DayRules]] = field(repr=False)
    _limits: dict[str, dict[date, Limits | None]] = field(repr=False)
    _filing: dict[str, dict[date, frozenset[str]]] = field(repr=False)

    @property
    def longest_kept(self) -> Programme:
        """The enabled programme whose periods are open for longest, of several the first."""
        return max(self.programmes.values(), key=lambda programme: programme.kept_days)

    @property
    def conveyance_days(self) -> int:
        """Days after a conveyance's last event before its rows go."""
        return max(self.least_conveyance_days, self.longest_kept.kept_days)

    @property
    def topic_days(self) -> int:
        """Days that shipments, postings, decisions and alerts are kept at least, so that tables can be rebuilt."""
        return max(KEPT_DAYS, self.conveyance_days)

    def check_retention(self, topic_days: int) -> None:
        """Refuse topics that are kept for `topic_days` if the enabled programmes need more; raises RulebookError."""
        if topic_days >= self.topic_days:
            return
        longest = self.longest_kept
        problem = f"topics are kept for {topic_days} days, and {self.topic_days} are needed"
        remedy = f"keep shipments, postings, decisions and alerts for {self.topic_days} days"
        if longest.kept_days == self.topic_days:
            problem += f": a {longest.window} of {longest.id} and its open_days, {longest.open_days}"
            remedy += f", or take {longest.id} out of the setting programmes"
        raise RulebookError("settings", f"programme {longest.id}", problem, remedy)

    def on(self, day: date, programme: str = US_321) -> DayRules:
        """Return the rules of a programme on a bill's own day; KeyError if no entry knows the programme."""
        days = self._days.get(programme)
        return (days.get(day) if days else None) or self._resolve(day, programme)

    def _resolve(self, day: date, programme: str) -> DayRules:
        rules = day_rules(self.data, self.as_of_day or day, self.known[programme].id)
        if self.enforcement != "auto":
            rules = structs.replace(rules, enforcement=self.enforcement, enforcement_rule=ENFORCEMENT_SETTING)
        days = self._days.setdefault(programme, {})
        if len(days) >= DAYS_CACHED:
            days.clear()
        days[day] = rules
        return rules

    def limits(self, day: date, programme: str = US_321) -> Limits | None:
        """Return the limits of a programme in force on a day, a ledger's first; None where it has none then.

        KeyError if no entry knows the programme.
        """
        held = self._limits.setdefault(self.known[programme].id, {})
        if day not in held:
            if len(held) >= DAYS_CACHED:
                held.clear()
            held[day] = limits_on(self.data, self.as_of_day or day, programme)
        return held[day]

    def with_programmes(self, ids: Sequence[str], default: str) -> Self:
        """Copy this rulebook with these programmes enabled; raises RulebookError."""
        for name in ids:
            if name not in self.known:
                remedy = f"enable some of {', '.join(self.known)}, or add a rule file with its [[programme]]"
                raise RulebookError("settings", "programmes", f"no programme has the id {name}", remedy)
            if ids.count(name) > 1:
                raise RulebookError("settings", "programmes", f"{name} is named twice", "name each programme once")
        if default not in ids:
            problem = f"{default} is not among the enabled programmes ({', '.join(ids) or 'none'})"
            raise RulebookError("settings", "default_programme", problem, "enable it too, or choose an enabled one")
        enabled = {name: self.known[name] for name in sorted(ids)}
        return replace(self, programmes=enabled, default_programme=default)

    @staticmethod
    def asks_of(filing: str, mode: str) -> bool:
        """Whether filing rules that are not a programme's own ask anything of bills that are filed like this."""
        return filing == "type86" or mode == "truck"

    def filing_errors(self, bill: FilingFacts) -> tuple[str, ...]:
        """List the filing rules a bill breaks, each once, in the order of the contract."""
        programme = self.programmes.get(bill.programme)
        if programme is None:
            return ("unknown-programme",)
        own: tuple[str, ...] = ()
        if bill.filing == "type86":
            own = self._type86_errors(bill)
        elif bill.mode == "truck" and not bill.us_state and "no-state" in self._filing_on(bill):
            own = ("no-state",)
        if bill.converted and not programme.asks_more:
            return own
        broken = (
            ("no-exchange-rate", not bill.converted),
            ("no-purchase-date", programme.date == "purchase" and not bill.purchased),
            ("no-seller", programme.per_seller and not bill.seller),
            ("no-weight", programme.asks_weight and not bill.weighed),
        )
        return (*own, *(code for code, is_broken in broken if is_broken))

    def _type86_errors(self, bill: FilingFacts) -> tuple[str, ...]:
        estimates, bill_type, quantity = bill.estimates, bill.bill_type, bill.quantity
        in_force_now = self._filing_on(bill)
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

    def _filing_on(self, bill: FilingFacts) -> frozenset[str]:
        days = self._filing.get(bill.programme)
        if days is None:
            days = self._filing[bill.programme] = {}
        held = days.get(bill.manifested_day)
        if held is None:
            at = self.as_of_day or bill.manifested_day
            entries = (entry for entry in self.data.filing if entry.concerns(bill.programme))
            held = frozenset(entry.error for entry in entries if holds(entry, at))
            if len(days) >= DAYS_CACHED:
                days.clear()
            days[bill.manifested_day] = held
        return held

    def filing_rule(self, code: str, day: date | None = None, programme: str = US_321) -> str:
        """Return the id of the filing error's rule that holds on `day`, else of the last; raise KeyError if none."""
        entries = [entry for entry in self.data.filing if entry.error == code and entry.concerns(programme)]
        if not entries:
            raise KeyError(code)
        at = self.as_of_day or day
        held = None if at is None else in_force(entries, at)
        return (held or entries[-1]).id

    def is_us_state(self, state: str | None) -> bool:
        """Whether a text is the two-letter code of a US state or territory, in any case."""
        return state is not None and (state in self._states or state.upper() in self._states)

    def rate(self, currency: str, day: date, to: str = "USD") -> Rate | None:
        """What a unit of a currency is in another in the quarter of a day, or None where no entry says.

        The day is the bill's own even under `as_of`: a rate is a fact of its quarter, not a rule that changes.
        """
        if currency == to:
            return DOLLAR if to == "USD" else SAME_CURRENCY
        return self._rates.get((currency, to, quarter_of(day)))

    def code(
        self, filing: str, mode: str, outcome: str, reason: str, day: date | None, programme: str = US_321
    ) -> Code | None:
        """The code that customs send for an outcome, by the filing first, then by the mode; None where none is known.

        Without a day, only rules that hold on every day are used.
        """
        codes = self._codes.get(programme)
        found = None if codes is None else codes.get((filing, mode, outcome))
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
        return replace(self, as_of_day=day, _days={}, _limits={}, _filing={})

    def with_enforcement(self, enforcement: Enforcement) -> Self:
        """Return a copy with the enforcement set by hand, or with `auto` for the dated rules."""
        return replace(self, enforcement=enforcement, _days={})


def build_rulebook(data: RuleData) -> Rulebook:
    """Return a rulebook of entries that `rule_files` and `rule_checks` have checked. No file is read."""
    values = {entry.id: entry.value for entry in data.constant}
    known = {rule.id: programme_of(rule, data) for rule in sorted(data.programme, key=lambda rule: rule.id)}
    return Rulebook(
        data=data,
        id=fingerprint(data),
        known=known,
        programmes={name: known[name] for name in sorted(ENABLED_UNLESS_SET) if name in known},
        default_programme=US_321,
        near_limit_percent=values["near-limit-percent"],
        structuring_days=values["structuring-days"],
        least_conveyance_days=values["conveyance-days"],
        advice_days=values["advice-days"],
        informal_limit_cents=values["informal-entry-limit"],
        as_of_day=None,
        enforcement="auto",
        _codes={name: code_table(rule for rule in data.code if rule.concerns(name)) for name in known},
        _rates=rate_table(data.rate),
        _states=frozenset(code for entry in data.codelist if entry.id == "us-states" for code in entry.codes),
        _days={},
        _limits={},
        _filing={},
    )
