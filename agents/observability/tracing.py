"""Errors in the log: where they were raised and of which type; their text only where it cannot quote a record."""

import json
import traceback
from pathlib import Path
from typing import Any, Final

from structlog.typing import EventDict

from agents.kafka.errors import EngineError

FRAMES: Final = 12
"""The innermost frames of each error."""
ERRORS: Final = 5
"""Errors of a chain of causes."""
SPEAKING: Final = ("agents.", "aiokafka.", "redis.")
"""Whose errors say what is wrong without quoting what they were given."""
WITHHELD: Final = "withheld: it might quote a record"


def add_error(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Turn `exc_info` into a list of errors, the one that was logged first, then its causes."""
    info = event.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["errors"] = _chain(error)
    event.pop("stack_info", None)
    return event


def _chain(error: BaseException) -> list[dict[str, Any]]:
    chain: list[dict[str, Any]] = []
    current: BaseException | None = error
    while current is not None and len(chain) < ERRORS:
        frames = traceback.extract_tb(current.__traceback__)[-FRAMES:]
        where = [f"{_module(each.filename)}:{each.lineno} {each.name}" for each in frames]
        chain.append({"type": type(current).__name__, "text": _text(current), "at": where})
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return chain


def _text(error: BaseException) -> str:
    safe = isinstance(error, OSError | EngineError) or type(error).__module__.startswith(SPEAKING)
    return str(error) if safe else WITHHELD


def _module(file: str) -> str:
    """Return a file's path from its package on: where things are installed concerns nobody."""
    parts = Path(file).parts
    for root in ("site-packages", "agents", "state", "stream"):
        if root in parts:
            at = len(parts) - parts[::-1].index(root) - 1
            return "/".join(parts[at + (root == "site-packages") :])
    return parts[-1]


def as_text(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Lay the errors out in lines, for a person."""
    errors = event.pop("errors", None)
    if errors:
        lines = [line for each in errors for line in (*each["at"], f"{each['type']}: {each['text']}")]
        event["exception"] = "\n".join(f"    {line}" for line in lines)
    settings = event.pop("settings", None)
    if settings:
        event.update((f"{group}.{name}", value) for group, each in settings.items() for name, value in _fields(each))
    return event


def _fields(group: Any) -> list[tuple[str, Any]]:
    fields = group if isinstance(group, dict) else {"all": group}
    return [(name, value) for name, value in fields.items() if value not in (None, [], {})]


def first_line_of_asyncio(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Leave out what asyncio quotes below its first line: tasks and errors with all that they hold."""
    if event.get("logger") == "asyncio":
        event["event"] = str(event["event"]).partition("\n")[0]
    return event


def plain(event: EventDict, **_more: Any) -> str:
    """Return a line of JSON; of what JSON does not know, the type alone."""
    return json.dumps(event, ensure_ascii=False, default=lambda value: f"<{type(value).__name__}>")
