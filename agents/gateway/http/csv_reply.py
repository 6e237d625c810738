"""Answers as CSV (RFC 4180, UTF-8): when they are wanted, and how a cell is kept from being read as a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from aiohttp import web

from agents.gateway.http.problems import Problem
from agents.gateway.http.replies import JSON

CSV: Final = "text/csv"
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Spreadsheets take a cell that begins so for a formula."""


def wants_csv(request: web.Request) -> bool:
    """Return whether the client asks for CSV, by `format` or else by `Accept`. Raise Problem 400."""
    wanted = request.query.get("format")
    if wanted is None:
        accepted = [each.partition(";")[0].strip().lower() for each in request.headers.get("Accept", "").split(",")]
        return CSV in accepted and JSON not in accepted
    if wanted not in {"csv", "json"}:
        raise Problem(400, "Not understood", "query parameter format: expected csv or json")
    return wanted == "csv"


def guarded(cell: object) -> str:
    """Return a cell's text; None is empty, and a text that a spreadsheet would run begins with an apostrophe."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    text = str(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(FORMULA) else text


def csv_reply(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> web.Response:
    """Answer with a table, which a browser saves under this name."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(text=text.getvalue(), content_type=CSV, charset="utf-8", headers=headers)
