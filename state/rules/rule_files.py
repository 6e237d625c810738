"""Reads entries from the text of rule files, with errors that a person can act on, and merges files."""

import tomllib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar, get_args

import msgspec

from state.rules.entries import SECTIONS, FilingCode, RuleData, RuleEntry
from state.rules.programmes import Overflow, Window
from state.rules.rule_errors import RulebookError
from stream.postings import US_321

E = TypeVar("E", bound=RuleEntry)

DOTS_MAX = 100
"""Most full stops in one line of a rule file."""

REMEDIES = {
    "id": "write a short name of its own in lower-case letters, digits, dots and hyphens, such as limit-800",
    "source": "write where the rule is published: a citation or an address, at least ten characters",
    "certainty": 'write "A" (official text seen), "B" (official, seen through others), "C" (inference) or "D" (claim)',
    "text": "explain the rule in plain words, 10 to 2,000 characters",
    "from": "write the first day it holds as a date without quotes, such as 2025-08-29, or leave it out",
    "until": "write the last day it holds as a date without quotes, such as 2025-08-28, or leave it out",
    "verified": "write the day on which somebody last read the source as a date without quotes, or leave it out",
    "missing": "say what is missing to judge it, 10 to 2,000 characters",
    "title": "name it for its readers, up to 70 characters",
    "zone": 'write the time zone whose days count, such as "America/New_York"',
    "date": 'write "arrival" or "purchase": the day that counts',
    "window": "write one of " + ", ".join(f'"{window}"' for window in get_args(Window)),
    "overflow": "write one of " + ", ".join(f'"{overflow}"' for overflow in get_args(Overflow)),
    "open_days": "write for how many days after its end a period stays open, a whole number from 0 to 366",
    "per": 'write ["seller"] to sum per consignee and seller, or leave it out',
    "unaggregated_modes": 'list the modes that stay out of the sum, such as ["mail"], or leave it out',
    "programme": 'write the id of a [[programme]], such as "us-321"',
    "programmes": 'list ids of programmes, such as ["us-gift", "kr"], or leave it out: then it is of us-321',
    "measure": 'write "value", "weight" or, of a limit, "count"',
    "amount": 'write money with two decimals in quotes, such as "800.00"; bills or grams as a whole number',
    "enforcement": 'write "warn" or "withhold"',
    "origins": 'list two-letter country codes, such as ["CN", "HK"]',
    "flag": 'write "adcvd", "quota", "irc-tax", "pga" or "fda"',
    "filing": 'write "manifest" or "type86"',
    "filings": 'list "manifest", "type86" or both',
    "modes": 'list any of "air", "ocean", "rail", "truck" and "mail"',
    "error": "write one of " + ", ".join(f'"{code}"' for code in get_args(FilingCode)),
    "outcome": 'write "release", "clear", "withhold", "warn", "reject", "pending" or "closed"',
    "reasons": 'list reasons of decisions, such as ["daily-limit"]',
    "channel": "name the message that carries the code, up to 70 characters",
    "code": "write the code as text in quotes, up to 70 characters",
    "wording": "write the published words of the code, up to 120 characters",
    "currency": 'write a three-letter currency code, such as "EUR"',
    "to": 'write the currency of the programme that needs the rate, such as "GEL"; left out it is "USD"',
    "quarter": 'write the year and quarter, such as "2025Q3"',
    "rate": 'write what one unit is in the other currency as decimal text in quotes, such as "1.1234"',
    "value": "write a whole number from 0 to 1,000,000,000",
    "unit": 'write "days", "percent" or "cents"',
    "codes": "list codes as texts in quotes",
}
"""What to do about a key that is missing or wrong."""


class RuleText(NamedTuple):
    """A rule file that was read: its name, for messages, and its text."""

    name: str
    text: str


class Placed(NamedTuple):
    """An entry with the file and section that it is from."""

    file: str
    section: str
    entry: RuleEntry

    def error(self, problem: str, remedy: str) -> RulebookError:
        """Return an error about this entry."""
        return RulebookError(self.file, f"{self.section} {self.entry.id}", problem, remedy)


Merged = dict[str, Placed]
"""Entries by id."""


def merge(held: Merged, texts: Sequence[RuleText]) -> Merged:
    """Return the entries after a group of files: they remove, replace by id, and add entries."""
    merged = dict(held)
    new: Merged = {}
    for text in texts:
        tree = _parse(text)
        for removed in _removals(text.name, tree):
            if merged.pop(removed, None) is None:
                raise RulebookError(text.name, "remove", f"no entry has the id {removed}", _removable(merged))
        for placed in _entries(text.name, tree):
            _check_id(placed, new.get(placed.entry.id), merged.get(placed.entry.id))
            new[placed.entry.id] = placed
    return merged | new


def _check_id(placed: Placed, beside: Placed | None, before: Placed | None) -> None:
    if beside is not None:
        raise placed.error(f"the id occurs twice, before in {beside.file}", "give each entry an id of its own")
    if before is not None and before.section != placed.section:
        raise placed.error(f"the id is that of a {before.section} in {before.file}", "choose another id")


def entries_of(merged: Merged, kind: type[E]) -> tuple[E, ...]:
    """Return the entries of one section, in the order in which they were read."""
    return tuple(placed.entry for placed in merged.values() if isinstance(placed.entry, kind))


def gather(merged: Merged) -> RuleData:
    """Return all entries by section."""
    sections: dict[str, Any] = {section: entries_of(merged, kind) for section, kind in SECTIONS.items()}
    return RuleData(**sections)


def _parse(text: RuleText) -> dict[str, Any]:
    # The time to parse a dotted key grows with the square of its parts.
    for number, line in enumerate(text.text.splitlines(), 1):
        if line.count(".") > DOTS_MAX:
            problem = f"line {number} has more than {DOTS_MAX} full stops"
            raise RulebookError(text.name, "file", problem, "break a long list or text into several lines")
    try:
        return tomllib.loads(text.text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        problem = "nested too deeply" if isinstance(error, RecursionError) else f"not TOML: {str(error)[:200]}"
        raise RulebookError(text.name, "file", problem, "mend the file at that place; see docs/rules.md") from None


def _removals(file: str, tree: dict[str, Any]) -> list[str]:
    removals = tree.pop("remove", [])
    if not isinstance(removals, list) or not all(isinstance(name, str) for name in removals):
        raise RulebookError(file, "remove", "not a list of ids", 'write it as remove = ["suspension-2025"]')
    return removals


def _removable(merged: Merged) -> str:
    return f"remove one of {', '.join(sorted(merged))}" if merged else "remove entries of an earlier file only"


def _entries(file: str, tree: dict[str, Any]) -> Iterator[Placed]:
    for section, items in tree.items():
        if section not in SECTIONS:
            raise RulebookError(file, section, "unknown section", f"use one of {', '.join(SECTIONS)}, or remove")
        if not isinstance(items, list):
            raise RulebookError(file, section, "not a list of entries", f"head each entry with [[{section}]]")
        for position, item in enumerate(items, 1):
            yield Placed(file, section, _entry(file, section, position, item))


def _entry(file: str, section: str, position: int, item: Any) -> RuleEntry:
    kind = SECTIONS[section]
    _refuse_former(file, section, item)
    try:
        return msgspec.convert(_on_one_line(item), kind)
    except msgspec.ValidationError as error:
        name = item.get("id") if isinstance(item, dict) else None
        label = f"{section} {name}" if isinstance(name, str) and len(name) <= 64 else f"{section} number {position}"
        problem, remedy = _explain(kind, str(error))
        raise RulebookError(file, label, problem, remedy) from None


def _refuse_former(file: str, section: str, item: Any) -> None:
    """Refuse what release 0.1 wrote in another way, and say how it is written now."""
    if not isinstance(item, dict):
        return
    name = str(item.get("id"))[:64]
    if section == "limit" and "dollars" in item:
        amount = str(item["dollars"])[:20]
        remedy = (
            f'write that line as amount = "{amount}" and add the two lines programme = "{US_321}" and measure = "value"'
        )
        raise RulebookError(file, f"limit {name}", "dollars is how release 0.1 wrote a limit", remedy)
    if section == "constant" and name == "open-days":
        remedy = f"replace the [[programme]] {US_321} by one with the open_days that you need, and take this entry out"
        raise RulebookError(file, "constant open-days", "each programme has its own open_days since 0.2", remedy)


def _on_one_line(item: Any) -> Any:
    """Return an entry with each long text on one line; files wrap them for their readers."""
    if not isinstance(item, dict):
        return item
    return {key: " ".join(value.split()) if isinstance(value, str) else value for key, value in item.items()}


def _explain(kind: type[RuleEntry], message: str) -> tuple[str, str]:
    """Return msgspec's message in the words of the file, and what to do about it."""
    what, _, path = message.partition(" - at `$.")
    key = path.rstrip("`").partition("[")[0]
    if what.startswith("Object contains unknown field"):
        allowed = ", ".join(field.encode_name for field in msgspec.structs.fields(kind))
        return f"unknown key {what.split('`')[1]}", f"use these keys only: {allowed}"
    if what.startswith("Object missing required field"):
        key = what.split("`")[1]
        return f"{key} is missing", REMEDIES[key]
    what = what[0].lower() + what[1:]
    if key in REMEDIES:
        return f"{key}: {what}", REMEDIES[key]
    return what, "write it as a table of keys and values"
