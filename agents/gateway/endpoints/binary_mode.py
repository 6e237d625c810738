"""CloudEvents binary mode over HTTP: attributes are headers, the body is `data`; together they are one event."""

import string
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec

from stream.deadletters import Fault
from stream.faultfinding import FaultFound

PREFIX: Final = "ce-"
"""Begins the name of every header that is an attribute."""
DATA: Final = "data"
_NAME_CHARACTERS: Final = string.ascii_lowercase + string.digits

_decode_one: Final = msgspec.json.Decoder(msgspec.Raw).decode

Headers = Mapping[str, str]
"""Of a request: a name that came twice is in `items()` twice, as aiohttp keeps them."""


def is_binary(headers: Headers) -> bool:
    """Whether a request has attributes of an event among its headers."""
    return any(name[: len(PREFIX)].lower() == PREFIX for name in headers)


def whole_event(headers: Headers, data: bytes) -> bytes | FaultFound:
    """Return the event as structured mode has it. Whether attributes and data are right is checked as for any event."""
    attributes: dict[str, str] = {}
    for header, value in headers.items():
        if header[: len(PREFIX)].lower() != PREFIX:
            continue
        name, text = header[len(PREFIX) :].lower(), _text(value)
        if not name or name.strip(_NAME_CHARACTERS) or name == DATA or name in attributes or text is None:
            detail = "headers: expected each `ce-` attribute once, its name in letters and digits, its value in UTF-8"
            return FaultFound(Fault.WRONG_ENVELOPE, detail)
        attributes[name] = text
    try:
        # One text, and nothing behind it: what follows would add to the event or replace its attributes.
        _decode_one(data)
    except (ValueError, RecursionError):
        return FaultFound(Fault.NOT_JSON, "body: expected one JSON text (RFC 8259), the `data` of the event")
    return msgspec.json.encode(attributes)[:-1] + b',"data":' + data + b"}"


def _text(value: str) -> str | None:
    """Return the text of a header; None: it is not UTF-8."""
    try:
        return unquote_to_bytes(value.encode("utf-8", "surrogateescape")).decode()
    except UnicodeDecodeError:
        return None
