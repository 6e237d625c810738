"""The columns of a CSV file of events: the meaning of each, the events that have it, and its place in the event."""

import csv
import io
from typing import Final, Literal, NamedTuple

MANIFESTED, AMENDED, DELETED, DISPOSED = "manifested", "amended", "deleted", "disposed"
ESTIMATED, ARRIVED = "estimated", "arrived"

TYPES: Final = {
    MANIFESTED: "tallygate.bill.manifested.v1",
    AMENDED: "tallygate.bill.amended.v1",
    DELETED: "tallygate.bill.deleted.v1",
    DISPOSED: "tallygate.bill.disposed.v1",
    ESTIMATED: "tallygate.conveyance.estimated.v1",
    ARRIVED: "tallygate.conveyance.arrived.v1",
}
"""Value of the column `event` -> type of the event."""

WHOLE: Final = (MANIFESTED, AMENDED)
BILLS: Final = (*WHOLE, DELETED, DISPOSED)
EVERY: Final = tuple(TYPES)

Kind = Literal["text", "integer", "list", "address", "nullable"]


class Column(NamedTuple):
    """A column."""

    name: str
    within: str
    """Where it goes within `data`; empty: nowhere, it guides the reading."""
    events: tuple[str, ...]
    words: str
    """What to write, for the documentation."""
    example: str
    kind: Kind = "text"
    needed: bool = False
    """Whether a bill needs it."""

    @property
    def path(self) -> str:
        """Where it goes, as details of mistakes name it."""
        return f"$.data.{self.within}" if self.within else {"time": "$.time"}.get(self.name, "")

    @property
    def of_line(self) -> bool:
        """Whether each of a bill's rows has its own."""
        return self.within.startswith("lines[]")


_PERSON: Final = "consignee"
_STREET: Final = "consignee.address.lines"
_LINE: Final = "lines[]"

COLUMNS: Final = (
    Column("event", "", EVERY, "what happened (see above); default: `manifested`", "manifested"),
    Column("time", "", EVERY, "when it happened in your system; default: `manifested_at` or `arrived_at`", ""),
    Column("conveyance", "conveyance", EVERY, "unique per trip", "air:AF0066:2025-08-20", needed=True),
    Column("bill", "bill", BILLS, "bill number, separators left out", "ACME00000017", needed=True),
    Column("version", "version", BILLS, "integer; default on `manifested`: 1", "1", "integer"),
    Column("line", "", WHOLE, "1 for a bill's first row of goods, 2 for its next", "1"),
    Column("sequence", "sequence", WHOLE, "place in the manifest; default: place in the file", "17", "integer"),
    Column("manifested_at", "manifested_at", WHOLE, "when the bill was accepted", "2025-08-19T21:04:00Z", needed=True),
    Column("mode", "mode", WHOLE, "`air` `ocean` `rail` `truck` `mail`", "air", needed=True),
    Column("filing", "filing", WHOLE, "`manifest` or `type86`", "manifest", needed=True),
    Column("order", "order", WHOLE, "the seller's order number", "S-1001"),
    Column("programme", "programme", WHOLE, "the exemption that is claimed; default: that of the workers", "us-321"),
    Column("seller", "seller", WHOLE, "who sold the goods; default: `shipper_name`", ""),
    Column("purchased_on", "purchased_on", WHOLE, "date of purchase, as the order shows it", ""),
    Column("weight_grams", "weight_grams", WHOLE, "weight in grams", "", "integer"),
    Column("estimated_arrivals", "estimated_arrivals", WHOLE, "local dates, a space between", "2025-08-20", "list"),
    Column("arrived_at", "arrived_at", (*WHOLE, ARRIVED), "when it arrived; `null`: it has not", "", "nullable"),
    Column("bill_type", "bill_type", WHOLE, "`type86` needs one", ""),
    Column("quantity", "quantity", WHOLE, "smallest outer units; `type86` needs it", "", "integer"),
    Column("planned_port", "planned_port", WHOLE, "port of entry; `type86` needs it", ""),
    Column("consignee_name", f"{_PERSON}.name", WHOLE, "with an address, or else an identifier", "Ann Example"),
    Column("consignee_address", _STREET, WHOLE, "address lines, `|` between", "12 Oak Street | Apt 4", "address"),
    Column("consignee_city", f"{_PERSON}.address.city", WHOLE, "its city", "Springfield"),
    Column("consignee_state", f"{_PERSON}.address.state", WHOLE, "its state, two letters in the US", "IL"),
    Column("consignee_postal", f"{_PERSON}.address.postal", WHOLE, "its postal code", "62701"),
    Column("consignee_country", f"{_PERSON}.address.country", WHOLE, "country, two letters", "US"),
    Column("consignee_identifier_type", f"{_PERSON}.identifier_type", WHOLE, "`EI` `ANI` `34`", ""),
    Column("consignee_identifier", f"{_PERSON}.identifier", WHOLE, "instead of name and address", ""),
    Column("shipper_name", "shipper.name", WHOLE, "who sends the goods", "Example Works", needed=True),
    Column("shipper_country", "shipper.country", WHOLE, "country, two letters", "JP", needed=True),
    Column("description", f"{_LINE}.description", WHOLE, "the goods of this line", "toy", needed=True),
    Column("hts", f"{_LINE}.hts", WHOLE, "tariff number", "9503.00.0073", needed=True),
    Column("origin", f"{_LINE}.origin", WHOLE, "country of origin, two letters", "JP", needed=True),
    Column("line_quantity", f"{_LINE}.quantity", WHOLE, "integer", "2", "integer", needed=True),
    Column("value", f"{_LINE}.value.amount", WHOLE, "the line's total, its quantity included", "500.00", needed=True),
    Column("currency", f"{_LINE}.value.currency", WHOLE, "default `USD`", "USD"),
    Column("flags", f"{_LINE}.flags", WHOLE, "`adcvd` `quota` `irc-tax` `pga` `fda`, a space between", "", "list"),
    Column("how", "how", (DISPOSED,), "`entry-01` `entry-11` `exported` `abandoned` `returned`", ""),
    Column("entry_number", "entry_number", (DISPOSED,), "for your own records", ""),
    Column("estimated_arrival", "estimated_arrival", (ESTIMATED,), "when it is due; `null`: unknown", "", "nullable"),
    Column("port", "port", (ARRIVED,), "four digits", ""),
)  # fmt: skip
BY_NAME: Final = {column.name: column for column in COLUMNS}

_ARRIVAL: Final = {
    "event": ARRIVED, "time": "2025-08-20T18:40:00Z", "conveyance": "air:AF0066:2025-08-20",
    "arrived_at": "2025-08-20T14:36:00-04:00", "port": "4701",
}  # fmt: skip


def template() -> str:
    """Return a header with all columns, a bill and the arrival of its conveyance."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(BY_NAME)
    writer.writerow(column.example for column in COLUMNS)
    writer.writerow(_ARRIVAL.get(name, "") for name in BY_NAME)
    return text.getvalue()


def column_of(path: str) -> Column | None:
    """Return the column that a path within an event, list places left empty, comes from; of an object its first."""
    inside = [column for column in COLUMNS if column.path and path.startswith(column.path)]
    below = [column for column in COLUMNS if column.path.startswith(path)]
    return max(inside, key=lambda column: len(column.path)) if inside else next(iter(below), None)
