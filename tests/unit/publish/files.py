"""Files of events for tests: a sound CSV bill that single cells are changed of, and what checking says of a file."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agents.files.assembling import assemble
from agents.files.candidates import Candidate, read_lines
from agents.files.csv_rows import read_rows
from agents.publish.event_checks import Bad, Checker, Good

NOW_MS = 1_755_700_000_000
"""20 August 2025, 14:26 UTC."""

BILL = {
    "conveyance": "air:1", "bill": "ACME0001", "manifested_at": "2025-08-19T21:04:00Z", "mode": "air",
    "filing": "manifest", "consignee_name": "Zoe Quill", "consignee_address": "9 Elm Row", "consignee_country": "US",
    "shipper_name": "Example Works", "shipper_country": "JP", "description": "toy", "hts": "9503.00", "origin": "JP",
    "line_quantity": "2", "value": "500.00",
}  # fmt: skip

Cells = Mapping[str, str]


def bill(**changed: str) -> dict[str, str]:
    """Return the cells of a bill's row; None of them missing, some of them changed."""
    return {**BILL, **changed}


def csv_of(*rows: Cells, separator: str = ",") -> bytes:
    """Write rows with a header that has every column of any of them."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, delimiter=separator, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def events(*rows: Cells) -> list[dict[str, Any]]:
    """Return the events that rows become; all of them are right."""
    found = list(examined(csv_of(*rows)))
    assert all(isinstance(each, Good) for each in found), found
    return [json.loads(each.value) for each in found if isinstance(each, Good)]


def candidates_of(text: bytes) -> Iterator[Candidate]:
    """Return what a CSV file states."""
    return assemble(read_rows(io.BytesIO(text), "rows.csv"), "/tests")


def examined(text: bytes, checker: Checker | None = None) -> Iterator[Good | Bad]:
    """Check a CSV file."""
    return (checker or Checker(NOW_MS)).examine(candidates_of(text))


def mistakes(*rows: Cells) -> list[tuple[int, str, str]]:
    """Return line, column and code of each mistake in rows."""
    return mistakes_in(csv_of(*rows))


def mistakes_in(text: bytes) -> list[tuple[int, str, str]]:
    """Return line, column and code of each mistake in a CSV file."""
    return _places(examined(text))


def mistakes_in_lines(*lines: bytes) -> list[tuple[int, str, str]]:
    """Return line, path and code of each mistake in a file of JSON lines."""
    return _places(Checker(NOW_MS).examine(read_lines(io.BytesIO(b"\n".join(lines)))))


def _places(found: Iterable[Good | Bad]) -> list[tuple[int, str, str]]:
    wrong = [each.mistakes for each in found if isinstance(each, Bad)]
    return [(mistake.line, mistake.field, mistake.code) for each in wrong for mistake in each]


def event(**changed: Any) -> dict[str, Any]:
    """Return an event as JSON has it, of the same bill; what is changed is changed in its data."""
    made = events(BILL)[0]
    made["data"] |= changed
    return made


def line(document: Any) -> bytes:
    """Write JSON in one line."""
    return json.dumps(document).encode()
