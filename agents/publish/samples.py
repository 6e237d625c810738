"""An event of each type with every field in it: its parts stand in for what is wrong while more mistakes are sought."""

from typing import Any, Final

from agents.files.columns import AMENDED, ARRIVED, DELETED, DISPOSED, ESTIMATED, MANIFESTED, TYPES

_INSTANT: Final = "1970-01-02T00:00:00Z"
_EXIT: Final[dict[str, Any]] = {"bill": "AAAA", "conveyance": "a", "version": 1}
_BILL: Final[dict[str, Any]] = {
    **_EXIT,
    "sequence": 0,
    "manifested_at": _INSTANT,
    "mode": "air",
    "filing": "manifest",
    "consignee": {"name": "a", "address": {"lines": [""], "city": "", "state": None, "postal": None, "country": "US"}},
    "shipper": {"name": "", "country": "US"},
    "lines": [
        {"description": "", "hts": "", "origin": "US", "quantity": 0, "value": {"amount": "0", "currency": "USD"},
         "flags": ["pga"]}
    ],
    "order": "a",
    "programme": "aa",
    "seller": "",
    "purchased_on": "1970-01-02",
    "weight_grams": 0,
    "estimated_arrivals": ["1970-01-02"],
    "arrived_at": _INSTANT,
    "bill_type": "",
    "quantity": 0,
    "planned_port": "",
}  # fmt: skip
_DATA: Final[dict[str, dict[str, Any]]] = {
    MANIFESTED: _BILL,
    AMENDED: _BILL,
    DELETED: _EXIT,
    DISPOSED: {**_EXIT, "how": "exported", "entry_number": ""},
    ESTIMATED: {"conveyance": "a", "estimated_arrival": None},
    ARRIVED: {"conveyance": "a", "arrived_at": None, "port": "0000"},
}

SAMPLES: Final[dict[str, dict[str, Any]]] = {
    TYPES[name]: {"specversion": "1.0", "id": "a", "source": "a", "type": TYPES[name], "time": _INSTANT, "data": data}
    for name, data in _DATA.items()
}
