"""JSON Schemas of every message, made from the types that the code reads and writes."""

import ast
import inspect
from collections import ChainMap
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any, Final

import msgspec

from stream import alerts, decisions, events, notices, outcomes, postings
from stream.pub28 import FORM_VERSION

Schema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
CONSIGNEE_KEY: Final = f"^(na{FORM_VERSION}|id{FORM_VERSION}:(EI|ANI|34)):[a-z2-7]{{26}}$"
NARROWING: Final = {"minLength", "pattern", "format", "enum"}
"""By these a text may be refused although it is short enough."""
EVENT_FILES: Final = {kind: str(kind.__struct_config__.tag).removeprefix("tallygate.") for kind in events.EVENT_TYPES}
"""Event type -> name of its schema, such as `bill.manifested.v1`."""


def schemas() -> dict[str, Schema]:
    """Every schema by its name; the file is `docs/schemas/<name>.json`."""
    made = {name: schema_of(kind, f"Event {name}") for kind, name in EVENT_FILES.items()}
    made["shipment.v1"] = _any_shipment()
    made["posting.v1"] = schema_of(postings.Posting, "Posting record")
    made["decision.v1"] = _decision()
    made["alert.v1"] = schema_of(alerts.Alert, "Alert")
    made["dead-letter.v1"] = schema_of(notices.Notice, "Notice of a dead letter")
    return {name: {"$schema": DIALECT, **schema} for name, schema in made.items()}


def schema_of(kind: type[msgspec.Struct], title: str) -> Schema:
    """One schema with all it refers to, the type itself at the top."""
    (top,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    for name, part in parts.items():
        _describe(name, part)
    own = parts.pop(top["$ref"].rpartition("/")[2])
    schema = {**own, "title": title}
    return {**schema, "$defs": parts} if parts else schema


def _any_shipment() -> Schema:
    return {
        "title": "Any shipment event",
        "description": "What the shipments topic takes: one of these types.",
        "oneOf": [{"$ref": f"{name}.json"} for name in EVENT_FILES.values()],
    }


def _decision() -> Schema:
    """A decision always has all fields; which reasons go with which outcome the type does not say, the code does."""
    schema = schema_of(decisions.Decision, "Decision")
    for part in schema["$defs"].values():
        part["required"] = list(part["properties"])
    data = schema["$defs"]["DecisionData"]
    data["oneOf"] = [
        {"properties": {"outcome": {"enum": _outcomes(verdict)}, "reason": {"enum": list(verdict.reasons)}}}
        for verdict in outcomes.VERDICTS
    ]
    return schema


def _outcomes(verdict: outcomes.Verdict) -> list[str]:
    warned = ["warn"] if verdict.outcome == "withhold" else []
    return sorted({verdict.outcome, verdict.outcome_estimated, *warned})


def _describe(name: str, part: Schema) -> None:
    """Carry the docstrings of fields over: msgspec sees those of classes only."""
    texts = field_docstrings().get(name, {})
    if hasattr(events, name):
        _allow_blanks(part)
    for field, schema in part.get("properties", {}).items():
        if field == "time":
            schema["format"] = "date-time"
        if field == "consignee" and schema == {"type": "string"}:
            schema["pattern"] = CONSIGNEE_KEY
        if field in texts:
            part["properties"][field] = {**schema, "description": texts[field]}


def _allow_blanks(part: Schema) -> None:
    """Let null and empty text stand in each optional field, where they are as if it were missing."""
    for field, schema in part.get("properties", {}).items():
        if "default" in schema:
            kinds = schema.pop("anyOf", None) or [{key: schema.pop(key) for key in list(schema) if key != "default"}]
            kinds = [kind for kind in kinds if kind != {"type": "null"}]
            takes_empty = any(kind.get("type") == "string" and not (kind.keys() & NARROWING) for kind in kinds)
            empty = [] if takes_empty else [{"const": ""}]
            part["properties"][field] = {"anyOf": [*kinds, {"type": "null"}, *empty], **schema}


@cache
def field_docstrings() -> dict[str, dict[str, str]]:
    """Class -> field -> the docstring below it in the source."""
    found: dict[str, dict[str, str]] = {}
    for module in (events, postings, decisions, alerts, outcomes):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.ClassDef):
                inherited = [found.get(base.id, {}) for base in node.bases if isinstance(base, ast.Name)]
                found[node.name] = dict(ChainMap(dict(_docstrings(node.body)), *inherited))
    return found


def _docstrings(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, " ".join(text.split())
