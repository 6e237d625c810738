"""An explanation: the facts in words, section by section, in the order of the questions that an officer asks."""

from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from agents.bills import words
from agents.bills.facts import Facts, TimedDecision
from state.rules import ENFORCEMENT_SETTING, Rulebook
from state.rules.rule_words import meaning, period
from stream.days import EASTERN, zone_named
from stream.decisions import DecisionData
from stream.outcomes import Action, action
from stream.periods import CONVEYANCE
from stream.postings import US_321
from stream.reasons import UNKNOWN_LINE

UNKNOWN_HELP: Final = (
    "Is the number right? Separators and small letters do not matter.",
    "Was its event published, or did it become a dead letter? `tallygate dead-letters list` shows those.",
    "Decisions are kept for 60 days.",
)


class RuleFacts(msgspec.Struct, frozen=True):
    """A dated rule in words."""

    id: str
    says: str
    holds: str
    source: str
    certainty: str
    text: str


class Section(msgspec.Struct, frozen=True):
    """A heading and lines below it."""

    title: str
    lines: tuple[str, ...]


class Explanation(msgspec.Struct, frozen=True):
    """The whole explanation of a bill."""

    bill: str
    action: Action
    headline: str
    sections: tuple[Section, ...]
    rule: RuleFacts | None
    facts: Facts


def explain(facts: Facts, rulebook: Rulebook) -> Explanation:
    """Return what is known of a bill, why it is so, and what to do."""
    sure = Section("How sure this is", tuple(_sure(facts, rulebook)))
    if facts.decision is None:
        help_first = (Section("What to do", UNKNOWN_HELP), sure)
        return Explanation(facts.bill, Action.HOLD, UNKNOWN_LINE, help_first, None, facts)
    data = facts.decision.data
    rule = rule_facts(rulebook, data.rule)
    headline = f"{words.outcome_words(data.outcome, data.basis)} (on {data.conveyance})"
    sections = (
        *_programme(data, rule, rulebook),
        Section("Why", tuple(_why(data, rulebook))),
        Section("What to do", (words.to_do(data),)),
        *_day(facts, data, rulebook),
        Section("The rule", tuple(_rule(data, rule))),
        Section("The policy", tuple(_policy(data))),
        *_others(facts, rulebook),
        *_history(facts, rulebook),
        sure,
    )
    return Explanation(facts.bill, facts.decision.action, headline, sections, rule, facts)


def rule_facts(rulebook: Rulebook, rule: str | None) -> RuleFacts | None:
    """Return a rule in words by its id; None if the rulebook has no such rule."""
    for _section, entries in rulebook.data:
        for entry in entries:
            if entry.id == rule:
                says, text = meaning(entry, rulebook.data), " ".join(entry.text.split())
                return RuleFacts(entry.id, says, period(entry), entry.source, entry.certainty, text)
    return None


def _programme(data: DecisionData, rule: RuleFacts | None, rulebook: Rulebook) -> Iterator[Section]:
    """Say first under which programme it is, and what is not certain; of us-321 only a rule that is not certain."""
    programme = rulebook.known.get(data.programme)
    if data.programme == US_321:
        if rule is not None and rule.certainty != "A":
            yield Section("How certain the rule is", (_doubt(rule.certainty),))
        return
    if programme is None:
        yield Section("The programme", (f"{data.programme}: not among the rules here; see TALLYGATE_RULES.",))
        return
    marks = sorted({programme.certainty, *([rule.certainty] if rule else [])} - {"A"})
    yield Section("The programme", (f"{programme.id}: {programme.title}.", *map(_doubt, marks)))


def _doubt(certainty: str) -> str:
    return f"Certainty {certainty}: {words.CERTAINTY[certainty]}. Check it in the text of the law."


def _why(data: DecisionData, rulebook: Rulebook) -> Iterator[str]:
    yield words.why(data)
    for code in data.filing_errors:
        try:
            found = rule_facts(rulebook, rulebook.filing_rule(code, data.day, data.programme))
        except KeyError:
            found = None
        yield f"  {code}: {found.text}" if found else f"  {code}"
    if data.day is not None:
        programme = rulebook.known.get(data.programme)
        how = "it arrived on" if data.basis == "actual" else "it is expected on"
        if programme is not None and programme.date == "purchase":
            how = "it was bought on"
        zone = "Eastern time" if programme is None or programme.zone == EASTERN.key else f"in {programme.zone}"
        yield f"The day that counts is {words.day_words(data.day)}, {zone}: {how} that day."
    if data.code is not None:
        yield f"Customs would have sent: {data.code.code} {data.code.text}"


def _day(facts: Facts, data: DecisionData, rulebook: Rulebook) -> Iterator[Section]:
    if facts.day is None or data.day is None:
        return
    programme = rulebook.known.get(data.programme)
    title = f"The person's day, {words.day_words(data.day)}"
    if programme is not None and programme.window == CONVEYANCE:
        title = f"What the person has on {data.conveyance}"
    elif programme is not None and programme.window != "day":
        title = f"The person's {programme.window.replace('calendar-', '').replace('-', ' ')}, {data.period}"
    yield Section(title, tuple(_day_lines(facts, data)))


def _day_lines(facts: Facts, data: DecisionData) -> Iterator[str]:
    day = facts.day
    if day is None:
        return
    yield f"Consignee {data.consignee}"
    for number, bill in enumerate(day.bills, 1):
        amount = "no value" if bill.counted_cents is None else words.money(bill.counted_cents, bill.currency)
        mark = ">" if (bill.bill, bill.conveyance) == (data.bill, data.conveyance) else " "
        meant = action(bill.outcome, bill.basis)
        outcome = f"{bill.outcome} {bill.reason}{', counts' if bill.counts else ''}"
        yield f"{mark} {number:3}. {bill.bill:<20} {amount:>12}  {meant:<4}  {outcome}"
    if day.bills_count > len(day.bills):
        yield f"       and {day.bills_count - len(day.bills):,} more"
    limit = day.limit_cents
    total, currency = day.total_cents, data.currency
    left = ""
    if limit is not None:
        left = f" of {words.money(limit, currency)}; {words.money(limit - total, currency)} is left"
    yield f"Released now: {words.money(total, currency)}{left}."
    for measure in data.measures:
        unit = "g" if measure.measure == "weight" else "bills"
        yield f"When this was decided: {measure.total:,} {unit} of {measure.limit:,}."


def _rule(data: DecisionData, rule: RuleFacts | None) -> Iterator[str]:
    if rule is None:
        named = {None: "No dated rule decided.", ENFORCEMENT_SETTING: "The enforcement was set by hand, not by a rule."}
        yield named.get(data.rule, f"{data.rule}: not among the rules here; see TALLYGATE_RULES of the workers.")
        return
    yield f"{rule.id}: {rule.says}, {rule.holds}."
    if rule.text:
        yield rule.text
    yield f"Source: {rule.source} (certainty {rule.certainty}: {words.CERTAINTY[rule.certainty]})"


def _policy(data: DecisionData) -> Iterator[str]:
    policy = data.policy
    yield f"{policy.overflow}: {words.OVERFLOW[policy.overflow]}."
    yield f"{policy.rounding}: {words.ROUNDING[policy.rounding]}."
    yield f"{policy.enforcement}: {words.ENFORCEMENT[policy.enforcement]}."
    if policy.as_of is not None:
        yield f"The rules are those of {words.day_words(policy.as_of)}, whatever the bill's own day."


def _others(facts: Facts, rulebook: Rulebook) -> Iterator[Section]:
    if facts.others:
        yield Section("On other conveyances", tuple(_line(each, rulebook) for each in facts.others))


def _history(facts: Facts, rulebook: Rulebook) -> Iterator[Section]:
    if facts.history:
        yield Section("What happened", tuple(_line(each, rulebook) for each in facts.history))


def _zone(data: DecisionData, rulebook: Rulebook) -> ZoneInfo:
    """Return the zone whose dates the programme of a decision counts; Eastern if it is not among the rules here."""
    programme = rulebook.known.get(data.programme)
    return EASTERN if programme is None else zone_named(programme.zone)


def _line(decision: TimedDecision, rulebook: Rulebook) -> str:
    data = decision.data
    day = "no day" if data.day is None else words.day_words(data.day)
    ledger = "day" if data.programme == US_321 else "period"
    cause = f"; another bill of the {ledger} changed" if data.revision > 1 else ""
    return (
        f"{words.time_words(decision.time, _zone(data, rulebook))}  {decision.action:<4}  {data.outcome} {data.reason}"
        f"  ({day}, version {data.bill_version}, {data.conveyance}{cause})"
    )


def _sure(facts: Facts, rulebook: Rulebook) -> Iterator[str]:
    if facts.history_complete:
        yield "The decision and its history are exact: read from Kafka just now."
    elif facts.history:
        yield "The history is not complete; the decision may not be the latest."
    if facts.day is not None or not facts.history_complete:
        if facts.as_of is None:
            yield "The read model is being filled: the day's figures may be old or missing. Ask again in a minute."
        else:
            zone = EASTERN if facts.decision is None else _zone(facts.decision.data, rulebook)
            yield _as_of(words.time_words(facts.as_of, zone), stale=facts.stale)
    yield from (f"Not known: {each}" for each in facts.missing)


def _as_of(when: str, *, stale: bool) -> str:
    if stale:
        return f"The day's figures are those of {when}: the projection is behind or away (`tallygate projection`)."
    return f"The day's figures are up to date, to {when}."
