"""Make the shipment events of the worked examples: a plain bill, and what a row says differently."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from stream.days import EASTERN
from tests.scenarios.table import Example, Row

EXITS = ("entry-01", "entry-11", "exported", "abandoned", "returned")

Data = dict[str, Any]


class Event(NamedTuple):
    """An event as it is published."""

    key: bytes
    value: bytes
    time: datetime


def events_of(example: Example) -> Iterator[Event]:
    """Yield the events of an example; each example has bills, conveyances and persons of its own."""
    start = _start(example)
    last: dict[str, Event] = {}
    for number, row in enumerate(example.rows):
        bill, kind = row.cells["bill"], row.cells["event"]
        if kind == "again":
            yield last[bill]
            continue
        time = start + timedelta(minutes=number)
        kind, data = _said(example, row, number, time)
        last[bill] = _event(f"{example.label}-{number}", kind, time, data)
        yield last[bill]


def bill_number(label: str, bill: str) -> str:
    """The bill's number in its events."""
    return f"EXAMPLE{label}{bill}".upper()


def instant(text: str) -> datetime:
    """Read Eastern time, or UTC with a Z."""
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=EASTERN)


def _start(example: Example) -> datetime:
    """Noon of the day before anything happens: bills are manifested before they arrive."""
    whens = [instant(row.cells["when"]) for row in example.rows if row.cells["when"]]
    return (min(whens) - timedelta(days=1)).replace(hour=12, minute=0)


def _said(example: Example, row: Row, number: int, time: datetime) -> tuple[str, Data]:
    cells = row.cells
    bill = bill_number(example.label, cells["bill"])
    conveyance = f"trip:{bill}"
    match cells["event"]:
        case "arrived" | "expected":
            return "bill.manifested", _bill(example.label, row, number, time) | {"bill": bill, "conveyance": conveyance}
        case "docks":
            return "conveyance.arrived", {"conveyance": conveyance, "arrived_at": _written(instant(cells["when"]))}
        case "moves":
            estimate = _written(instant(cells["when"]))
            return "conveyance.estimated", {"conveyance": conveyance, "estimated_arrival": estimate}
        case "deleted":
            return "bill.deleted", {"bill": bill, "conveyance": conveyance, "version": 2}
        case how if how in EXITS:
            return "bill.disposed", {"bill": bill, "conveyance": conveyance, "version": 2, "how": how}
        case other:
            raise ValueError(f"example {example.label}: no event {other}")


def _bill(label: str, row: Row, number: int, time: datetime) -> Data:
    cells = row.cells
    differs = dict(pair.split("=") for pair in cells["with"].split())
    mode, filing = cells["by"].split()
    line: Data = {"description": "goods", "hts": "9503.00.0073", "origin": differs.pop("origin", "JP"), "quantity": 1}
    if cells["amount"] != "-":
        line["value"] = {"amount": cells["amount"], "currency": "USD"}
    if "flag" in differs:
        line["flags"] = [differs.pop("flag")]
    data: Data = {
        "sequence": number,
        "manifested_at": _written(time),
        "mode": mode,
        "filing": filing,
        "consignee": consignee(cells["who"], label, differs.pop("state", "IL")),
        "shipper": {"name": "Example Works", "country": "JP"},
        "lines": [line],
    }
    when = instant(cells["when"])
    estimates = int(differs.pop("estimates", "1" if filing == "type86" or cells["event"] == "expected" else "0"))
    day = when.astimezone(EASTERN).date()
    data["estimated_arrivals"] = [_iso(day + timedelta(days=more)) for more in range(estimates)]
    if cells["event"] == "arrived":
        data["arrived_at"] = _written(when)
    if filing == "type86":
        data |= {"bill_type": "H", "quantity": 1, "planned_port": "4701"}
    for field, value in differs.items():
        if value == "-":
            del data[field]
        else:
            data[field] = value
    return data


def consignee(who: str, label: str, state: str) -> Data:
    """A made-up person: by name and address, `c/o` at the address of another, or by identifier."""
    if who.startswith("EI "):
        return {"identifier_type": "EI", "identifier": f"{who.removeprefix('EI ')} {label}"}
    name, _, host = who.partition(" c/o ")
    lines = [f"c/o {host.title()}"] if host else []
    street = f"{sum((host or name).encode())} Example Street"
    address = {"lines": [*lines, street], "city": "Springfield", "postal": "62701", "country": "US"}
    return {"name": f"{name.title()} {label}", "address": address | ({} if state == "-" else {"state": state})}


def _event(identity: str, kind: str, time: datetime, data: Data) -> Event:
    value = msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": identity,
            "source": "/worked-examples",
            "type": f"tallygate.{kind}.v1",
            "time": _written(time),
            "data": data,
        }
    )
    return Event(data["conveyance"].encode(), value, time)


def _written(when: datetime) -> str:
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _iso(day: date) -> str:
    return day.isoformat()
