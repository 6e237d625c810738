"""The settings page: every field of `agents.settings` with its default, what it accepts, and its docstring."""

import ast
import inspect
import json
from collections.abc import Iterator
from typing import Any, Final

from agents import settings
from agents.settings import Settings

Schema = dict[str, Any]

INTRODUCTION: Final = """\
# Settings

For whoever runs workers. All settings are environment variables, `TALLYGATE_<GROUP>__<FIELD>` with two underscores
between group and field. Every command that speaks to Kafka reads them. What is not set has its default; a value that is
not accepted is refused at the start, with exit status 78 from a worker. One variable belongs to no group:
`TALLYGATE_LOG_LEVEL` (`DEBUG`, `INFO`, `WARNING`), how much a worker logs.

This page is written by `make docs` from `agents/settings.py`. What of it needs a new epoch is in
[Operating](operating.md#epochs).
"""
LIST: Final = "paths, as a JSON list"


def settings_page() -> str:
    """Give the whole page."""
    schema = Settings.model_json_schema()
    parts = [INTRODUCTION]
    loose = []
    for name, field in schema["properties"].items():
        group = _group(schema, field)
        if group is None:
            loose.append(_row(Settings, f"TALLYGATE_{name.upper()}", name, field))
        else:
            kind = getattr(settings, group)
            parts.append(f"## {name}\n\n{inspect.getdoc(kind)}\n\n{_table(_rows(kind, name, schema['$defs'][group]))}")
    parts.append(f"## Without a group\n\n{_table(loose)}")
    return "\n".join(parts)


def names() -> set[str]:
    """Give every environment variable that is a setting."""
    return {line.split("`")[1] for line in settings_page().splitlines() if line.startswith("| `TALLYGATE_")}


def described(kind: type) -> dict[str, str]:
    """Give the docstrings that stand under the fields of a class."""
    (tree,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for field, below in zip(tree.body, tree.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = inspect.cleandoc(text).replace("\n", " ")
    return found


def _group(schema: Schema, field: Schema) -> str | None:
    name = str(field.get("$ref", "")).rpartition("/")[2]
    return name if name in schema["$defs"] else None


def _rows(kind: type, group: str, schema: Schema) -> Iterator[str]:
    for name, field in schema["properties"].items():
        yield _row(kind, f"TALLYGATE_{group.upper()}__{name.upper()}", name, field)


def _row(kind: type, variable: str, name: str, field: Schema) -> str:
    default = field["default"]
    said = "none" if default in (None, [], {}) else f"`{default if isinstance(default, str) else json.dumps(default)}`"
    return f"| `{variable}` | {said} | {_accepts(field)} | {described(kind)[name]} |"


def _table(rows: Iterator[str] | list[str]) -> str:
    return "\n".join(["| setting | default | accepts | |", "|---|---|---|---|", *rows, ""])


def _accepts(field: Schema) -> str:
    if "anyOf" in field:
        return " or ".join(_accepts(one) for one in field["anyOf"] if one.get("type") != "null")
    if "enum" in field:
        return " ".join(f"`{value}`" for value in field["enum"])
    if "pattern" in field:
        return f"`{field['pattern']}`"
    kind = str(field.get("format") or field["type"])
    if kind == "integer":
        low, high = field.get("minimum"), field.get("maximum")
        return f"{low} to {high}" if high is not None else f"integer from {low}"
    return {"string": "text", "path": "path", "date": "date", "object": "JSON", "array": LIST}[kind]
