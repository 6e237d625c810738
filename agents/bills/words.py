"""Words for each outcome and reason: what it means and what to do, in one table each that has every reason."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from stream.days import EASTERN
from stream.decisions import Basis, DecisionData, Outcome
from stream.postings import US_321

US: Final = "us-"
"""How the ids of programmes of the US begin: they have entry types."""

OUTCOMES: Final[dict[tuple[Outcome, bool], str]] = {
    ("release", True): "released, free of duty under the limit",
    ("withhold", True): "withheld: it has arrived and must not go",
    ("warn", True): "it may go: over the limit, but the rules of that day only warn",
    ("clear", False): "not here yet; as things stand it would be released",
    ("warn", False): "not here yet; as things stand it would not fit the limit",
    ("reject", True): "refused: this shipment cannot use the exemption",
    ("pending", True): "waiting: its arrival is not known",
    ("closed", True): "closed: it left another way, nothing is to be done here",
}
"""By outcome, and whether the bill has arrived (True if that does not matter)."""

WHY: Final[dict[str, str]] = {
    "deleted": "It was taken off its manifest. It does not count.",
    "entry-01": "It was entered formally, with duty (type 01). It does not count.",
    "entry-11": "It was entered informally, with duty (type 11). It does not count.",
    "exported": "It left the country. If it had been released before, it still counts: the exemption was used.",
    "abandoned": "It was given up. If it had been released before, it still counts: the exemption was used.",
    "returned": "It went back to its sender. If it had been released before, it still counts.",
    "superseded": "The same bill is on the same day from another conveyance, and counts there.",
    "filing-error": "The filing breaks a rule that is checked before anything else:",
    "no-day": "Neither the bill nor its conveyance has arrived, and there is no estimate. Without a day there is no"
    " limit to hold it against.",
    "day-closed": "The event came when the bill's day had been over for more than 15 days. Such a day is not judged"
    " again.",
    "suspended": "The exemption was suspended on that day, for all countries and all values.",
    "origin-excluded": "Goods from a country that was excluded from the exemption on that day are in it.",
    "goods-excluded": "Goods are in it that are never exempt: under anti-dumping or countervailing duty, a quota, an"
    " excise tax, or another agency's rules.",
    "not-aggregated": "It came by mail. The automated total left mail out, so it neither counts nor is held against the"
    " limit. The law's limit of one person and day holds for mail too.",
    "single-value-over-limit": "It alone is worth more than the cap of a single bill.",
    "single-weight-over-limit": "It alone is heavier than the cap of a single bill.",
    "daily-limit": "With what this person already has on that day it would exceed the limit.",
    "period-limit": "With what this person already has in that period it would exceed the limit.",
    "within-limit": "It fits the person's limit for that day.",
}

WHY_IN_A_PERIOD: Final[dict[str, str]] = {
    "superseded": "The same bill is in the same period from another conveyance, and counts there.",
    "day-closed": "The event came when the bill's period was closed. A closed period is not judged again.",
    "within-limit": "It fits the person's limit for that period.",
}
"""Of programmes other than us-321, where it is said in other words."""
NO_LIMITS: Final = "The programme has no limit on that day, so nothing can be exempt under it."

# A decision does not hold the mode of transport.
_MAIL: Final = (
    "If it came by mail it needs no such entry: it is dutiable, and the carrier or a qualified party collects the duty."
)

TO_DO: Final[dict[str, str]] = {
    "deleted": "Nothing. If the goods are here all the same, they have no bill: ask the carrier.",
    "entry-01": "Nothing here; the entry has its own release.",
    "entry-11": "Nothing here; the entry has its own release.",
    "exported": "Keep the proof of export with the bill.",
    "abandoned": "Nothing.",
    "returned": "Nothing.",
    "superseded": "Find out which conveyance carries it, and delete the bill on the other one.",
    "filing-error": "Correct the filing and send the bill again with a higher version.",
    "no-day": "Wait for the arrival, or send an estimate.",
    "day-closed": "Find out why the event was so late. To judge old days, run `tallygate judge` on a file.",
    "suspended": f"Enter it with duty: type 11 up to $2,500, type 01 above. {_MAIL}",
    "origin-excluded": f"Enter it with duty, or return the goods. {_MAIL}",
    "goods-excluded": "Enter it with duty; for another agency's goods alone, file type 86 with that agency's data.",
    "not-aggregated": "Nothing.",
    "single-value-over-limit": "Enter it with duty.",
    "single-weight-over-limit": "Enter it with duty.",
    "daily-limit": "Enter it with duty, or wait: if an earlier bill is deleted or entered with duty, this one gets its"
    " room by itself.",
    "period-limit": "Enter it with duty, or wait: if an earlier bill is deleted or entered with duty, this one gets its"
    " room by itself.",
    "within-limit": "Nothing.",
}

WITH_DUTY: Final = "Declare it with duty."
TO_DO_ABROAD: Final[dict[str, str]] = {
    "suspended": WITH_DUTY,
    "origin-excluded": WITH_DUTY,
    "goods-excluded": WITH_DUTY,
    "single-value-over-limit": WITH_DUTY,
    "single-weight-over-limit": WITH_DUTY,
    "daily-limit": "Declare it with duty, or wait: if an earlier bill is deleted or declared with duty, this one gets"
    " its room by itself.",
    "period-limit": "Declare it with duty, or wait: if an earlier bill is deleted or declared with duty, this one gets"
    " its room by itself.",
}
"""Of programmes that are not of the US: they have no entry types."""

ENTRIES: Final = {"11": "an informal entry, type 11", "01": "a formal entry, type 01"}

OVERFLOW: Final = {
    "skip": "after a bill that does not fit, a later and smaller one may still fit",
    "latch": "after the first bill that does not fit, no later one fits",
    "all_or_none": "if all bills of the day together exceed the limit, none fits",
    "excess": "the part above the limit is dutiable, the part below is not",
}
_WHOLE: Final = "each bill counts in whole dollars, or whole units of its programme's currency, half up"
ROUNDING: Final = {"cents": "exact cents count", "whole-dollars": _WHOLE}
ENFORCEMENT: Final = {
    "auto": "the dated rules say whether a misfit is withheld or only warned about",
    "warn": "by setting, a misfit is only warned about",
    "withhold": "by setting, a misfit is withheld",
}

CERTAINTY: Final = {
    "A": "the official text was seen",
    "B": "the official position was seen through others",
    "C": "an inference, or a choice of this project",
    "D": "a claim without official support",
}


def outcome_words(outcome: Outcome, basis: Basis | None) -> str:
    """Return what an outcome means."""
    arrived = basis == "actual" or (outcome, False) not in OUTCOMES
    return OUTCOMES.get((outcome, arrived), outcome)


def why(data: DecisionData) -> str:
    """Return the reason in words, with the figures at the time of the decision."""
    counted, total, limit, headroom = data.counted_cents, data.total_cents, data.limit_cents, data.headroom_cents
    text = WHY.get(data.reason, data.reason)
    if data.programme != US_321:
        text = WHY_IN_A_PERIOD.get(data.reason, text)
        if data.reason == "suspended" and data.rule is None:
            return NO_LIMITS
    if counted is None or total is None or limit is None or headroom is None:
        return text
    counts, used, allowed, left = (money(each, data.currency) for each in (counted, total, limit, headroom))
    when = "on that day" if data.reason == "daily-limit" else "in that period"
    before = f"Released {when} were" if data.basis == "actual" else "Released, or expected and fitting, were"
    match data.reason:
        case "daily-limit" | "period-limit":
            said = f"{text} It counts {counts}. {before} {used} of {allowed}, so {left} was left."
        case "within-limit":
            said = f"{text} It counts {counts}; with it {used} of {allowed} were used."
        case "single-value-over-limit":
            said = f"{text} It counts {counts}; the limit is {allowed}."
        case _:
            said = text
    dutiable = data.advice.dutiable_cents if data.advice else None
    return said if dutiable is None else f"{said} Duty is due on {money(dutiable, data.currency)}."


def to_do(data: DecisionData) -> str:
    """Return what to do, with the entry type and the next day if the decision names them."""
    text = TO_DO.get(data.reason, "Ask the team that runs Tallygate.")
    is_us = data.programme.startswith(US)
    text = text if is_us else TO_DO_ABROAD.get(data.reason, text)
    advice = data.advice
    if advice is None:
        return text
    if not is_us:
        pass
    elif advice.entry_type is None:
        text += " It came by mail: the carrier or a qualified party collects the duty."
    else:
        text += f" The entry to use: {ENTRIES[advice.entry_type]}."
    if advice.caution is not None:
        law = "19 CFR 10.151 forbids splitting one order over days." if is_us else "that would split one order."
        return f"{text} Do not bring it in on another day: bills of its order are over the limit together, and {law}"
    if data.reason not in {"daily-limit", "period-limit"}:
        return text
    if advice.next_day is None:
        return (
            text if data.programme != US_321 else f"{text} It would fit on none of the next 14 days, as things stood."
        )
    return f"{text} The next day on which it would fit, as things stood: {day_words(advice.next_day)}."


def money(cents: int, currency: str | None) -> str:
    """Write an amount with its currency: $1,234.50, or 1,234.50 GEL."""
    return dollars(cents) if currency in {None, "USD"} else f"{dollars(cents).replace('$', '')} {currency}"


def dollars(cents: int) -> str:
    """Return an amount as $1,234.50."""
    return f"{'-' if cents < 0 else ''}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def day_words(day: date) -> str:
    """Return a day as Wed 20 Aug 2025."""
    return f"{day:%a} {day.day} {day:%b} {day.year}"


def time_words(instant: datetime, zone: ZoneInfo = EASTERN) -> str:
    """Return an instant in the zone whose dates count: 2025-08-19 17:04 ET, or 2025-08-19 16:04 America/Guayaquil."""
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M} {'ET' if zone.key == EASTERN.key else zone.key}"
