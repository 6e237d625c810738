"""Events out of rows: what each column becomes, what is filled in, and how a bill's rows go together."""

from typing import Any

import pytest

from agents.files.columns import column_of
from tests.unit.publish.files import BILL, NOW_MS, bill, candidates_of, csv_of, events, mistakes

GOODS = {"line": "2", "description": "kite", "hts": "9503.01", "origin": "FR", "line_quantity": "1", "value": "20.00"}


def test_bill_becomes_an_event() -> None:
    """A row with what a bill needs is a whole event; what is left out follows from the row and its place."""
    assert events(BILL) == [
        {
            "specversion": "1.0",
            "id": "air:1/ACME0001/1/manifested",
            "source": "/tests",
            "type": "tallygate.bill.manifested.v1",
            "time": "2025-08-19T21:04:00Z",
            "data": {
                "conveyance": "air:1",
                "bill": "ACME0001",
                "manifested_at": "2025-08-19T21:04:00Z",
                "mode": "air",
                "filing": "manifest",
                "consignee": {"name": "Zoe Quill", "address": {"lines": ["9 Elm Row"], "country": "US"}},
                "shipper": {"name": "Example Works", "country": "JP"},
                "sequence": 2,
                "lines": [
                    {
                        "description": "toy",
                        "hts": "9503.00",
                        "origin": "JP",
                        "quantity": 2,
                        "value": {"amount": "500.00", "currency": "USD"},
                    }
                ],
            },
        }
    ]


@pytest.mark.parametrize(
    ("cells", "data"),
    [
        ({"event": "deleted", "bill": "ACME0001", "version": "3"}, {"bill": "ACME0001", "version": 3}),
        (
            {"event": "disposed", "bill": "ACME0001", "version": "3", "how": "entry-11", "entry_number": "X-1"},
            {"bill": "ACME0001", "version": 3, "how": "entry-11", "entry_number": "X-1"},
        ),
        (
            {"event": "estimated", "estimated_arrival": "2025-08-20T10:00:00Z"},
            {"estimated_arrival": "2025-08-20T10:00:00Z"},
        ),
        ({"event": "estimated", "estimated_arrival": "null"}, {"estimated_arrival": None}),
        (
            {"event": "arrived", "arrived_at": "2025-08-20T10:00:00Z", "port": "4701"},
            {"arrived_at": "2025-08-20T10:00:00Z", "port": "4701"},
        ),
        ({"event": "arrived", "arrived_at": "null"}, {"arrived_at": None}),
    ],
)
def test_other_events_have_their_columns(cells: dict[str, str], data: dict[str, Any]) -> None:
    """Each kind of event takes the columns that are its own, and no others."""
    (made,) = events({"conveyance": "air:1", "time": "2025-08-20T10:00:00Z", **cells})
    assert made["data"] == {"conveyance": "air:1", **data}
    assert cells["event"] in made["type"]


@pytest.mark.parametrize(
    ("cells", "place", "value"),
    [
        ({"version": "7"}, ("version",), 7),
        ({"sequence": "0"}, ("sequence",), 0),
        ({"order": "S-1"}, ("order",), "S-1"),
        ({"programme": "kr"}, ("programme",), "kr"),
        ({"seller": "Shop"}, ("seller",), "Shop"),
        ({"purchased_on": "2025-08-01"}, ("purchased_on",), "2025-08-01"),
        ({"weight_grams": "4000"}, ("weight_grams",), 4000),
        ({"estimated_arrivals": "2025-08-20 2025-08-21"}, ("estimated_arrivals",), ["2025-08-20", "2025-08-21"]),
        ({"arrived_at": "2025-08-20T10:00:00Z"}, ("arrived_at",), "2025-08-20T10:00:00Z"),
        ({"bill_type": "H"}, ("bill_type",), "H"),
        ({"quantity": "3"}, ("quantity",), 3),
        ({"planned_port": "4701"}, ("planned_port",), "4701"),
        ({"consignee_address": "9 Elm Row | Back"}, ("consignee", "address", "lines"), ["9 Elm Row", "Back"]),
        ({"consignee_city": "Erie"}, ("consignee", "address", "city"), "Erie"),
        ({"consignee_state": "PA"}, ("consignee", "address", "state"), "PA"),
        ({"consignee_postal": "16501"}, ("consignee", "address", "postal"), "16501"),
        ({"currency": "EUR"}, ("lines", 0, "value", "currency"), "EUR"),
        ({"flags": "pga adcvd"}, ("lines", 0, "flags"), ["pga", "adcvd"]),
    ],
)
def test_cells_go_to_their_places(cells: dict[str, str], place: tuple[str | int, ...], value: Any) -> None:
    """Each further column of a bill becomes the field that it is documented to be."""
    found: Any = events(bill(**cells))[0]["data"]
    for step in place:
        found = found[step]
    assert found == value


def test_consignee_may_be_an_identifier() -> None:
    """Instead of name and address there may be an identifier; the empty columns leave nothing behind."""
    cells = bill(consignee_name="", consignee_address="", consignee_country="")
    (made,) = events({**cells, "consignee_identifier_type": "EI", "consignee_identifier": "12-345"})
    assert made["data"]["consignee"] == {"identifier_type": "EI", "identifier": "12-345"}


def test_rows_with_numbers_are_one_bill() -> None:
    """Rows that number themselves are the lines of one bill, which needs its other cells once."""
    again = bill(**GOODS)
    made = events(bill(line="1"), GOODS, {**again, "line": "3"}, bill(bill="ACME0002"))
    assert [[line["description"] for line in one["data"]["lines"]] for one in made] == [
        ["toy", "kite", "kite"],
        ["toy"],
    ]
    assert [one["data"]["sequence"] for one in made] == [2, 5]


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ([bill(line="2")], [(2, "line", "line-order")]),
        ([BILL, bill(line="3")], [(3, "line", "line-order")]),
        ([BILL, bill(line="2", bill="ACME0002")], [(3, "line", "line-order")]),
        ([BILL, bill(line="2", mode="ocean", order="S-2")], [(3, "mode", "differs"), (3, "order", "differs")]),
        ([{"event": "shipped", "conveyance": "air:1"}], [(2, "event", "wrong-shape")]),
        (
            [
                {
                    "event": "deleted",
                    "conveyance": "air:1",
                    "bill": "ACME0001",
                    "version": "1",
                    "time": "x",
                    "mode": "air",
                }
            ],
            [(2, "mode", "not-for-event"), (2, "time", "wrong-shape")],
        ),
    ],
)
def test_rows_that_do_not_go_together_are_named(rows: list[dict[str, str]], where: list[tuple[int, str, str]]) -> None:
    """Lines out of order, cells that say otherwise, cells of other events: each with its line and column."""
    assert mistakes(*rows) == where


def test_times_come_from_the_row() -> None:
    """A bill's time is that of its manifest, an arrival's that of the arrival; a given time goes before both."""
    arrival = {"event": "arrived", "conveyance": "air:1", "arrived_at": "2025-08-20T10:00:00Z"}
    later = {**arrival, "time": "2025-08-20T12:00:00Z"}
    amended = bill(event="amended", version="2", arrived_at="2025-08-20T09:00:00Z")
    times = [made["time"] for made in events({**BILL, "event": ""}, amended, arrival, later)]
    assert times == ["2025-08-19T21:04:00Z", "2025-08-19T21:04:00Z", "2025-08-20T10:00:00Z", "2025-08-20T12:00:00Z"]


@pytest.mark.parametrize("cells", [{"event": "deleted", "bill": "ACME0001", "version": "2"}, {"event": "estimated"}])
def test_other_events_need_their_time(cells: dict[str, str]) -> None:
    """Where the row does not say when, nothing is made up: the time is missing."""
    found = mistakes({"conveyance": "air:1", "estimated_arrival": "", "time": "", **cells})
    assert (2, "time", "wrong-shape") in found


def test_same_file_gives_the_same_events() -> None:
    """Nothing in an event comes from a clock or from chance: bytes, ids and times are the same each time."""
    text = csv_of(BILL, GOODS, bill(bill="ACME0002"))
    assert [each.value for each in candidates_of(text)] == [each.value for each in candidates_of(text)]
    assert str(NOW_MS).encode() not in b"".join(each.value for each in candidates_of(text))


def test_ids_tell_events_apart() -> None:
    """Events about one bill differ by kind and version, those of a trip by kind and time."""
    exits = {"conveyance": "air:1", "time": "2025-08-20T10:00:00Z", "bill": "ACME0001", "version": "2"}
    trip = {"event": "arrived", "conveyance": "air:1", "arrived_at": "2025-08-20T10:00:00Z"}
    rows = [
        {**exits, "event": "deleted"},
        {**exits, "event": "disposed", "how": "exported"},
        {**exits, "event": "deleted", "version": "3"},
        trip,
        {**trip, "time": "2025-08-20T11:00:00Z"},
        {**trip, "event": "estimated", "estimated_arrival": "null", "arrived_at": "", "time": "2025-08-20T10:00:00Z"},
    ]
    ids = [made["id"] for made in events(BILL, bill(event="amended", version="2", time="2025-08-20T10:00:00Z"), *rows)]
    assert len(set(ids)) == 8


@pytest.mark.parametrize(
    ("path", "column"),
    [
        ("$.data.lines[].value.amount", "value"),
        ("$.data.lines[].flags[]", "flags"),
        ("$.data.consignee", "consignee_name"),
        ("$.data.consignee.address", "consignee_address"),
        ("$.data.estimated_arrivals[]", "estimated_arrivals"),
        ("$.time", "time"),
    ],
)
def test_places_in_an_event_lead_back_to_columns(path: str, column: str) -> None:
    """A path that a detail names comes from a column; of an object it is its first."""
    found = column_of(path)
    assert found is not None
    assert found.name == column
