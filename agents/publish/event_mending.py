"""Mending an event so that its next mistake is found, and hints for amounts that are often written wrongly."""

import re
from typing import Any, Final

import msgspec

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
"""An event of each type with every field: its parts replace what is wrong while more mistakes are sought."""

_STEP: Final = re.compile(r"\.(\w{1,40})|\[(\d{1,9})]")


def _steps(path: str) -> list[str | int]:
    return [match[1] or int(match[2]) for match in _STEP.finditer(path)]


def part_of(value: bytes, path: str) -> Any:
    """Return the part of an event at a path; None: there is none."""
    within = msgspec.json.decode(value)
    for step in _steps(path):
        try:
            within = within[step]
        except (KeyError, IndexError, TypeError):
            return None
    return within


def amount_words(amount: Any) -> str | None:
    """Return what was expected instead of a text that was meant as an amount; None: there is no hint."""
    if not isinstance(amount, str):
        return None
    if re.fullmatch(r"[0-9]{1,9}\.[0-9]{3,99}", amount):
        return "expected at most two decimals, such as 12.50"
    if re.fullmatch(r"[0-9]{1,9},[0-9]{1,2}", amount):
        return "expected a full stop before the decimals, such as 12.50"
    if re.fullmatch(r"[0-9]{1,3}([,.' ][0-9]{3}){1,9}([.,][0-9]{1,99})?", amount):
        return "expected digits without separators between them, such as 1250.00"
    return None


def heal(value: bytes, path: str) -> bytes | None:
    """Return the event with a sample's part at the path; None: it cannot be mended."""
    document = msgspec.json.decode(value)
    kind = document.get("type") if isinstance(document, dict) else None
    sample: Any = SAMPLES.get(kind) if isinstance(kind, str) else None
    steps = _steps(path)
    if sample is None or not steps:
        return None
    within: Any = document
    for step in steps[:-1]:
        sample = _part(sample, step)
        try:
            within = within[step]
        except (KeyError, IndexError, TypeError):
            return None
    part, last = _part(sample, steps[-1]), steps[-1]
    try:
        within[last] = part
    except (IndexError, TypeError):
        return None
    return msgspec.json.encode(document)


def _part(sample: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return sample[0] if isinstance(sample, list) else None
    return sample.get(step) if isinstance(sample, dict) else None
