"""Instants in the query of a request."""

import re
from datetime import datetime
from typing import Final

from agents.gateway.http.problems import Problem

SINCE: Final = r"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})$"
"""An instant of RFC 3339."""


def instant_of(text: str) -> datetime:
    """Read the query parameter `since`. Raise Problem 400."""
    try:
        return datetime.fromisoformat(text.upper() if re.fullmatch(SINCE, text) else "")
    except ValueError:
        detail = "`since`: expected an instant such as 2025-08-20T12:00:00Z; in an address `+` is written %2B"
        raise Problem(400, "Not an instant", detail) from None
