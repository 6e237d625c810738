"""Worked examples of programmes, a file each: `tables/<programme>.txt`. Read them, and make their shipment events.

Each example has persons and conveyances of its own, so its numbers can be followed by hand.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.scenarios.table import Cells

TABLES = Path(__file__).with_name("tables")
EXITS = ("entry-01", "entry-11", "exported", "abandoned", "returned")
TOLD = ("bill", "outcome", "reason", "period", "counts", "total", "measures", "advice")
"""Columns of a decision; a blank cell is null."""

Data = dict[str, Any]
Told = dict[str, str]


class Row(NamedTuple):
    """One event with the decisions it must lead to, in order, and its alerts, sorted."""

    cells: Cells
    told: list[Told]
    alerts: list[str]


class Example(NamedTuple):
    """An example under one policy."""

    label: str
    marks: list[str]
    sources: list[str]
    policy: dict[str, str]
    shows: str
    """A sentence: what one learns from it."""
    rows: list[Row]


class Table(NamedTuple):
    """The examples of a programme."""

    programme: str
    zone: str
    currency: str
    examples: list[Example]
    sources: dict[str, str]


def programmes() -> list[str]:
    """Return the programmes that have a table."""
    return sorted(path.stem for path in TABLES.glob("*.txt"))


def read_table(programme: str) -> Table:
    """Read a table; raises ValueError for a row with a wrong number of cells."""
    text = (TABLES / f"{programme}.txt").read_text("utf-8")
    facts, listed, rows, sources = _sections(text)
    blocks = {block[0]["example"]: [_row(cells) for cells in _events(block)] for block in _blocks(rows)}
    examples = [
        Example(
            cells["example"],
            cells["mark"].split("/"),
            cells["source"].split(", "),
            dict(option.split("=") for option in cells["policy"].split()),
            cells["shows"],
            blocks[cells["example"]],
        )
        for cells in listed
    ]
    [fact] = facts
    known = {cells["name"]: cells["where"] for cells in sources}
    return Table(programme, fact["zone"], fact["currency"], examples, known)


def _sections(text: str) -> list[list[Cells]]:
    sections = []
    for comment, lines in groupby(text.splitlines(), key=lambda line: line.startswith("#")):
        rows = [[cell.strip() for cell in line.split("|")] for line in lines if line.strip()]
        if not comment and rows:
            columns, *body = rows
            sections.append([dict(zip(columns, row, strict=True)) for row in body])
    return sections


def _blocks(rows: list[Cells]) -> Iterator[list[Cells]]:
    block: list[Cells] = []
    for cells in rows:
        if cells["example"] and block:
            yield block
            block = []
        block.append(cells)
    yield block


def _events(block: list[Cells]) -> Iterator[list[Cells]]:
    """Split at rows with an event: a row without one is one more decision of the event above."""
    lines: list[Cells] = []
    for cells in block:
        if cells["event"] and lines:
            yield lines
            lines = []
        lines.append(cells)
    yield lines


def _row(lines: list[Cells]) -> Row:
    told = [{column: cells[column] for column in TOLD} for cells in lines if cells["outcome"]]
    return Row(lines[0], told, sorted(lines[0]["alerts"].split()))


class ExampleEvents:
    """Makes the events of an example, one after another."""

    def __init__(self, table: Table, example: Example) -> None:
        self._table = table
        self._label = f"{table.programme}-{example.label}".upper().replace("-", "")
        self._zone = ZoneInfo(table.zone)
        whens = [self._instant(row.cells["when"]) for row in example.rows if row.cells["when"]]
        self._clock = (min(whens) - timedelta(days=1)).astimezone(UTC).replace(minute=0, second=0)
        self._rows = example.rows
        self._versions: dict[tuple[str, str], int] = {}
        self._trips: dict[str, str] = {}

    def events(self) -> list[tuple[Row, Data]]:
        """Return each row that is an event with the event itself."""
        found = []
        for number, row in enumerate(self._rows):
            self._clock += timedelta(minutes=1)
            if row.cells["event"] == "later":
                # The next event is of this very moment.
                self._clock = self._instant(row.cells["when"]).astimezone(UTC) - timedelta(minutes=1)
                continue
            kind, data = self._said(row.cells, number)
            found.append((row, self._event(kind, data, f"{self._label}-{number}")))
        return found

    def bill(self, name: str) -> str:
        """Return the number of a bill in its events."""
        return f"X{self._label}{name}".upper()

    def _instant(self, text: str) -> datetime:
        when = datetime.fromisoformat(text)
        return when if when.tzinfo else when.replace(tzinfo=self._zone)

    def _said(self, cells: Cells, number: int) -> tuple[str, Data]:
        differs = dict(pair.split("=") for pair in cells["with"].split())
        bill, kind = self.bill(cells["bill"]), cells["event"]
        trip = differs.pop("trip", self._trips.get(bill, cells["bill"]))
        self._trips[bill] = trip
        conveyance = f"trip:{self._label}:{trip}"
        data: Data = {"bill": bill, "conveyance": conveyance}
        when = _written(self._instant(cells["when"])) if cells["when"] else None
        if kind == "docks":
            return "conveyance.arrived", {"conveyance": conveyance, "arrived_at": when}
        if kind == "moves":
            return "conveyance.estimated", {"conveyance": conveyance, "estimated_arrival": when}
        version = self._versions[bill, conveyance] = self._versions.get((bill, conveyance), 0) + 1
        if kind == "deleted":
            return "bill.deleted", data | {"version": version}
        if kind in EXITS:
            return "bill.disposed", data | {"version": version, "how": kind}
        whole = self._whole(cells, differs, number) | data | {"version": version}
        return ("bill.amended" if kind == "amended" else "bill.manifested"), whole

    def _whole(self, cells: Cells, differs: dict[str, str], number: int) -> Data:
        amount, *currency = cells["amount"].split()
        value = {"amount": amount, "currency": currency[0] if currency else self._table.currency}
        flags = [differs.pop("flag")] if "flag" in differs else []
        line = {"description": "goods", "hts": "9503.00.0073", "origin": "JP", "quantity": 1, "value": value}
        data: Data = {
            "sequence": number,
            "manifested_at": _written(self._clock),
            "mode": differs.pop("mode", "air"),
            "filing": "manifest",
            "consignee": {"identifier_type": "EI", "identifier": f"{cells['who']} {self._label}"},
            "shipper": {"name": differs.pop("shipper", "Works"), "country": "JP"},
            "lines": [{**line, "flags": flags}],
            "programme": differs.pop("programme", self._table.programme),
            "weight_grams": int(differs.pop("weight")) if "weight" in differs else None,
            "purchased_on": differs.pop("bought", None),
        }
        if cells["event"] == "expected":
            data["estimated_arrivals"] = [cells["when"]]
        else:
            data["arrived_at"] = _written(self._instant(cells["when"]))
        if data["shipper"]["name"] == "-":
            data["shipper"]["name"] = ""
        return data | differs

    def _event(self, kind: str, data: Data, identity: str) -> Data:
        time = _written(self._clock)
        return {
            "specversion": "1.0",
            "id": identity,
            "source": "/worked-examples",
            "type": f"tallygate.{kind}.v1",
            "time": time,
            "data": data,
        }


def _written(when: datetime) -> str:
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def told(decision: Data) -> Told:
    """Return a decision as a table states it."""
    advice = decision["advice"]
    measures = [f"{one['measure']} {one['total']}/{one['limit']}" for one in decision["measures"]]
    return {
        "bill": decision["bill"],
        "outcome": decision["outcome"],
        "reason": " ".join([decision["reason"], *decision["filing_errors"]]),
        "period": decision["period"] or "",
        "counts": _amount(decision["counted_cents"]) if decision["counts"] else "",
        "total": _amount(decision["total_cents"]),
        "measures": ", ".join(measures),
        "advice": "" if advice is None else _advised(advice) or "none",
    }


def _advised(advice: Data) -> str:
    dutiable = None if advice["dutiable_cents"] is None else f"dutiable {_amount(advice['dutiable_cents'])}"
    entry = None if advice["entry_type"] is None else f"entry {advice['entry_type']}"
    return ", ".join(part for part in (entry, advice["next_day"], dutiable, advice["caution"]) if part)


def _amount(cents: int | None) -> str:
    return "" if cents is None else f"{cents // 100}.{cents % 100:02}"
