"""The types of `tallygate_client`, written from the gateway's description of itself."""

import re
from collections.abc import Iterator
from typing import Any, Final

from agents.gateway.endpoints.openapi import document
from tests.prerequisites import ROOT

Schema = dict[str, Any]

PATH: Final = ROOT / "agents" / "tallygate_client" / "messages.py"
HEAD: Final = '''"""What events say and what the gateway answers; `make docs` writes it from `/openapi.json`."""

from datetime import date, datetime
from typing import Literal, NotRequired, TypedDict
'''
SENT: Final = (
    "BillManifested", "BillAmended", "BillDeleted", "BillDisposed", "ConveyanceEstimated", "ConveyanceArrived",
)  # fmt: skip
ANSWERED: Final = ("Verdict", "BillHistory")
PLAIN: Final = {"string": "str", "integer": "int", "boolean": "bool", "number": "float", "null": "None"}
MOMENTS: Final = {"date": "str | date", "date-time": "str | datetime"}


def client_types() -> str:
    """Return the module."""
    parts = _renamed(document()["components"]["schemas"])
    # A token of scope audit sees more of the same answer: one type, of which the rest may be missing.
    parts["Verdict"] = {**parts["AuditVerdict"], "title": "Verdict", "required": parts["Verdict"]["required"],
                        "description": "A bill's answer; what only the scope audit sees may be missing."}  # fmt: skip
    sent, answered = _reached(parts, SENT), _reached(parts, ANSWERED)
    classes = [*(_written(parts, name, sent=True) for name in sent),
               *(_written(parts, name, sent=False) for name in answered if name not in sent)]  # fmt: skip
    outcomes = _kind({"enum": _outcomes(parts)}, sent=False)
    named = f"Outcome = {outcomes}\n\nEvent = {' | '.join(SENT)}\n"
    return f"{HEAD}\n\n" + "\n\n".join([*classes, named])


def _renamed(part: Any) -> Any:
    """Return the schemas with every reference to what scope audit sees as one to the type for both."""
    if isinstance(part, dict):
        return {key: _renamed(inner) for key, inner in part.items()}
    if isinstance(part, list | tuple):
        return [_renamed(inner) for inner in part]
    return part.replace("/AuditVerdict", "/Verdict") if isinstance(part, str) else part


def _outcomes(parts: dict[str, Schema]) -> list[str]:
    found: list[str] = parts["Verdict"]["properties"]["outcome"]["anyOf"][0]["enum"]
    return found


def _reached(parts: dict[str, Schema], names: tuple[str, ...]) -> list[str]:
    """Return the names and all that they refer to, each after what it refers to."""
    found: dict[str, None] = {}

    begun = set()

    def add(name: str) -> None:
        begun.add(name)
        for inner in _references(parts[name]):
            if inner not in begun:
                add(inner)
        found[name] = None

    for name in names:
        add(name)
    return list(found)


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"].rpartition("/")[2]
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)


def _written(parts: dict[str, Schema], name: str, *, sent: bool) -> str:
    part = parts[name]
    if "enum" in part:
        return f"{name} = {_kind(part, sent=sent)}\n"
    lines = [f"class {name}(TypedDict):"]
    if text := " ".join(part.get("description", "").split()):
        lines += [*_docstring(text), ""]
    for field, schema in part["properties"].items():
        kind = re.sub(rf"\b{name}\b", f'"{name}"', _kind(schema, sent=sent))
        lines.append(f"    {field}: {kind if field in part['required'] else f'NotRequired[{kind}]'}")
    return "\n".join([*lines, ""])


def _docstring(text: str) -> list[str]:
    text = text if text.endswith(".") else f"{text}."
    first, dot, rest = text.partition(". ")
    return [f'    """{text}"""'] if not dot else [f'    """{first}.', "", f"    {rest}", '    """']


def _kind(schema: Schema, *, sent: bool) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        kinds = [_kind(each, sent=sent) for each in schema["anyOf"] if each != {"const": ""}]
        return " | ".join(dict.fromkeys(" | ".join(kinds).split(" | ")))
    if "enum" in schema:
        return f"Literal[{', '.join(_quoted(each) for each in schema['enum'])}]"
    if schema.get("type") == "array":
        return f"list[{_kind(schema['items'], sent=sent)}]" if "items" in schema else _tuple(schema, sent=sent)
    if sent and schema.get("format") in MOMENTS:
        return MOMENTS[schema["format"]]
    return PLAIN[schema["type"]] if "type" in schema else "object"


def _tuple(schema: Schema, *, sent: bool) -> str:
    return f"list[{' | '.join(dict.fromkeys(_kind(each, sent=sent) for each in schema['prefixItems']))}]"


def _quoted(text: str) -> str:
    return f'"{text}"'
