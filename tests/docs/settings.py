"""The settings page: every field of `agents.settings.settings` with its default, what it accepts, and its docstring."""

import ast
import inspect
import json
from collections.abc import Iterator
from typing import Any, Final

from agents.settings import settings
from agents.settings.settings import Settings

Schema = dict[str, Any]

INTRODUCTION: Final = """\
# Settings

This page lists every setting. Set it as an environment variable, `TALLYGATE_<GROUP>__<FIELD>`, with two underscores
between group and field. Or write the field into a TOML settings file, and name that file in `TALLYGATE_CONFIG`:

```toml
rules = ["/etc/tallygate/rates.toml"]

[kafka]
brokers = "kafka-1:9093,kafka-2:9093"
security_protocol = "SASL_SSL"
username = "tallygate-worker"
password_file = "/run/secrets/kafka-password"
ca_file = "/etc/tallygate/ca.pem"
```

For each field, a variable overrides the file, and the file overrides the default. In a variable, write lists and
objects as JSON.

**Put each secret into a file of its own**, and name that file in the setting. Tallygate refuses a password in an
address or among the options. It also refuses a value that is not accepted, and a name that is not a setting. A worker
then ends with status 78 and logs a sentence for each mistake, which names the variable and quotes no value. A variable
without the two underscores may belong to another program, so Tallygate only warns about it.
[`tallygate doctor`](operating.md#the-doctor) shows all mistakes at once.

Some changes need a new epoch: see [Operating](operating.md#epochs). `make docs` writes this page from the settings
classes.
"""
LISTED: Final = {"path": "paths", "string": "texts"}


def settings_page() -> str:
    """Return the whole page."""
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
    """Return every environment variable that is a setting."""
    return {line.split("`")[1] for line in settings_page().splitlines() if line.startswith("| `TALLYGATE_")}


def described(kind: type) -> dict[str, str]:
    """Return the docstrings under the fields of a class, by field."""
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
    if kind == "array":
        items = field["items"]
        return f"{LISTED[items.get('format') or items['type']]}, as a JSON list"
    if kind in {"integer", "number"}:
        low, high = field.get("minimum"), field.get("maximum")
        return f"{low} to {high}" if high is not None else f"{kind} from {low}"
    return {"string": "text", "path": "path", "date": "date", "object": "JSON", "boolean": "`true` `false`"}[kind]
