"""The generated parts of the pages: whatever stands between `<!-- generated: ... -->` and `<!-- end -->`."""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from agents.files.columns import COLUMNS, EVERY
from agents.files.mistakes import REMEDIES, WARNINGS
from agents.judge import JudgeOptions, open_judge
from agents.ops.access.rendering import table
from stream import decisions, events, outcomes
from stream.deadletters import Fault
from stream.records import Outgoing, Sink
from tests.bench.page import kept, table_of
from tests.docs.schemas import Schema, schema_of
from tests.prerequisites import ROOT

CASES: Final = ROOT / "docs" / "conformance" / "cases"
PART: Final = re.compile(r"(<!-- generated: ([\w.\- ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
ESCAPED: Final = r"\|"
"""A bar inside the code of a table cell."""

EMPTY: Final[tuple[object, ...]] = (None, [])
NO_LINE_FEED: Final = r"(?!\n)"
"""What patterns end with, since `$` alone lets a line feed pass; a reader need not see it."""

EXAMPLE: Final = re.compile(r"^```json\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SAMPLED: Final = (
    *("outcome", "reason", "basis", "day", "value_cents", "counts", "total_cents", "limit_cents", "headroom_cents"),
    *("code", "filing_errors", "rule", "advice"),
)
"""Fields that a sample shows."""


def filled(text: str) -> str:
    """Return the page with its generated parts replaced."""

    def part(match: re.Match[str]) -> str:
        name, *arguments = match[2].split()
        return f"{match[1]}\n{MAKERS[name](text, *arguments)}\n\n{match[3]}"

    return PART.sub(part, text)


def verdicts(_page: str) -> str:
    """Outcomes and reasons as the code has them."""
    lines = ["| # | outcome | reason | when |", "|---|---|---|---|"]
    for verdict in outcomes.VERDICTS:
        said = dict.fromkeys((verdict.outcome, verdict.outcome_estimated))
        reasons = " ".join(f"[`{reason}`](#{reason})" for reason in verdict.reasons)
        lines.append(f"| {verdict.row} | {' / '.join(f'`{one}`' for one in said)} | {reasons} | {verdict.when} |")
    return "\n".join(lines)


def fields(_page: str, *names: str) -> str:
    """Tables of the fields of some types, each under its name if there are several."""
    tables = []
    for name in names:
        kind = getattr(events, name, None) or getattr(decisions, name)
        title = f"`{name.lower()}`\n\n" if len(names) > 1 and name != names[0] else ""
        tables.append(title + "\n".join(_rows(schema_of(kind, name))))
    return "\n\n".join(tables)


def _rows(schema: Schema) -> Iterator[str]:
    yield "| field | | |"
    yield "|---|---|---|"
    for field, part in schema["properties"].items():
        optional = "" if field in schema.get("required", ()) else "optional"
        yield f"| `{field}` | {_shape(part)} | {'; '.join(filter(None, (optional, _meaning(part))))} |"


def _meaning(part: Schema) -> str:
    inner: Schema = next((one for one in part.get("anyOf", ()) if one.get("type") != "null"), {})
    return str(part.get("description") or inner.get("description") or "").rstrip(".")


def _shape(part: Schema) -> str:
    """Say what a field looks like, in the words of JSON."""
    if "anyOf" in part:
        return " or ".join(_shape(one) for one in part["anyOf"] if one != {"const": ""})
    if "enum" in part:
        return " ".join(f"`{value}`" for value in part["enum"])
    if "$ref" in part:
        return str(part["$ref"]).rpartition("/")[2].lower()
    if part["type"] == "array":
        low, high = part.get("minItems", 0), part.get("maxItems")
        many = f"{low} to {high} " if low else f"at most {high} " if high else ""
        return f"list of {many}{_shape(part['items'])}"
    if part.get("format"):
        return {"date-time": "instant", "date": "date"}[part["format"]]
    words = {"string": "text", "null": "null", "boolean": "true or false", "integer": "integer"}[part["type"]]
    if "maxLength" in part:
        return f"{words}, {'1 to' if part.get('minLength') else 'at most'} {part['maxLength']} characters"
    if "pattern" in part:
        return f"`{part['pattern'].removesuffix(NO_LINE_FEED).replace('|', ESCAPED)}`"
    return f"{words} from {part['minimum']}" if "minimum" in part else words


def decision(_page: str, outcome: str, reason: str) -> str:
    """The first decision of this outcome and reason in the conformance cases, whole."""
    found = next(one for _, one in produced() if (one["data"]["outcome"], one["data"]["reason"]) == (outcome, reason))
    return _fenced(json.dumps(found, indent=1, ensure_ascii=False))


def sample(_page: str, reason: str) -> str:
    """What the first decision of this reason in the conformance cases says of it."""
    case, found = next((case, one) for case, one in produced() if one["data"]["reason"] == reason)
    said = {field: found["data"][field] for field in SAMPLED}
    lines = [
        json.dumps({field: value}, ensure_ascii=False)[1:-1] for field, value in said.items() if value not in EMPTY
    ]
    return f"From `{case}`:\n\n{_fenced('{' + (',' + chr(10) + ' ').join(lines) + '}')}"


def answers(page: str) -> str:
    """What the judge says to the examples of the page, in their order."""
    lines = ["| event | outcome | reason | basis | day | total | headroom |", "|---|---|---|---|---|---|---|"]
    for event, data in judged(examples(page)):
        total, headroom = (dollars(data[field]) for field in ("total_cents", "headroom_cents"))
        said = " | ".join((f"`{data['outcome']}`", f"`{data['reason']}`", str(data["basis"]), str(data["day"])))
        lines.append(f"| `{event['id']}` `{event['type']}` | {said} | {total} | {headroom} |")
    return "\n".join(lines)


def columns(_page: str) -> str:
    """The columns of a CSV file of events; those that a bill cannot do without are marked."""
    lines = ["| column | what to write | in |", "|---|---|---|"]
    for column in COLUMNS:
        where = "every event" if column.events == EVERY else ", ".join(f"`{event}`" for event in column.events)
        name = f"**`{column.name}`**" if column.needed else f"`{column.name}`"
        lines.append(f"| {name} | {column.words.replace('|', ESCAPED)} | {where} |")
    return "\n".join(lines)


def mistakes(_page: str) -> str:
    """The codes of mistakes that only a file can have, with what to do."""
    lines = ["| code | remedy |", "|---|---|"]
    codes = {**REMEDIES, **WARNINGS}
    lines += [f"| `{code}` | {remedy} |" for code, remedy in codes.items() if code not in set(Fault)]
    return "\n".join(lines)


def dollars(cents: int | None) -> str:
    """Cents as a reader wants them."""
    return "" if cents is None else f"${cents / 100:.2f}"


def examples(page: str) -> list[dict[str, Any]]:
    """The events that a page shows, in order."""
    return [json.loads(text) for text in EXAMPLE.findall(page)]


def judged(shown: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Judge events one after another; gives each decision with the event that led to it."""
    sent: list[Outgoing] = []
    judge = open_judge(JudgeOptions(), sent.append)
    for number, event in enumerate(shown):
        judge.push(json.dumps(event).encode(), number)
    for outgoing in sent:
        if outgoing.sink is Sink.DECISIONS:
            data = json.loads(outgoing.value or b"")["data"]
            yield shown[data["cause"]["offset"]], data


@cache
def produced() -> list[tuple[str, dict[str, Any]]]:
    """All expected decisions of the conformance cases, each with its case."""
    return [(path.parent.name, one) for path in sorted(CASES.glob("*/expected-decisions.jsonl")) for one in _read(path)]


def _read(path: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def _fenced(text: str) -> str:
    return f"```json\n{text}\n```"


def roles(_page: str) -> str:
    """The roles on Kafka and Redis."""
    return table()


def performance(_page: str) -> str:
    """Table of the figures that `make bench ARGS=--page` took."""
    return table_of(kept())


MAKERS: Final[dict[str, Callable[..., str]]] = {
    "verdicts": verdicts,
    "fields": fields,
    "decision": decision,
    "sample": sample,
    "answers": answers,
    "columns": columns,
    "mistakes": mistakes,
    "roles": roles,
    "performance": performance,
}
