"""Finds what is wrong with a refused record, in words that never quote it (DESIGN section 2, "Whose fault").

This is slow, and only for records that cannot be read. Some messages of msgspec quote values. So only the path is taken
from them, and of the path only names that are ours. Our types say what is expected there.
"""

import re
from functools import cache
from itertools import accumulate
from typing import Annotated, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta, inspect

from stream.deadletters import Fault
from stream.events import EVENT_TYPES, Instant, ShipmentEvent

VALUE_BYTES_MAX: Final = 1_000_000
"""Most bytes that a record's value may have."""

NESTING_MAX: Final = 400
"""Deepest nesting of arrays and objects: less than any stack allows, so that all runners agree."""

_NO_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STEPS: Final = [1 if byte in b"[{" else -1 for byte in range(256)]
_MISSING: Final = "Object missing required field `"
_INDEX: Final = re.compile(r"\[[0-9.]{1,20}\]")


class FaultFound(NamedTuple):
    """Why a record is a dead letter; `detail` names a place and what was expected there, never what was found."""

    fault: Fault
    detail: str


class _Envelope(msgspec.Struct, gc=False):
    """The CloudEvents attributes alone."""

    specversion: Literal["1.0"]
    id: Annotated[str, Meta(min_length=1)]
    source: Annotated[str, Meta(min_length=1)]
    type: Annotated[str, Meta(min_length=1)]
    time: Instant


_DECODE_ENVELOPE: Final = msgspec.json.Decoder(_Envelope).decode
_DECODE_ANYTHING: Final = msgspec.json.Decoder(msgspec.Raw).decode
_TYPES: Final[dict[str, type[ShipmentEvent]]] = {str(event.__struct_config__.tag): event for event in EVENT_TYPES}


def nests_too_deep(value: bytes) -> bool:
    """Whether JSON text has more than NESTING_MAX arrays and objects inside one another."""
    if value.count(b"{") + value.count(b"[") <= NESTING_MAX:
        return False
    # Strings are cut out in a few passes over the text, without a search that could restart many times. A backslash
    # outside a string is not JSON, and the decoder stops there.
    unescaped = value.replace(rb"\\", b"").replace(rb"\"", b"")
    brackets = b"".join(unescaped.split(b'"')[::2]).translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > NESTING_MAX


def find_fault(value: bytes | None) -> FaultFound:
    """Return the fault of a record's value that cannot be read as an event."""
    if value is None:
        return FaultFound(Fault.NOT_JSON, "record value: expected JSON, there is none")
    if len(value) > VALUE_BYTES_MAX:
        return FaultFound(Fault.TOO_LARGE, f"record value: expected at most {VALUE_BYTES_MAX} bytes")
    try:
        value.decode()
    except UnicodeDecodeError:
        return FaultFound(Fault.NOT_JSON, "record value: expected UTF-8")
    if nests_too_deep(value):
        return FaultFound(Fault.NOT_JSON, f"record value: expected at most {NESTING_MAX} levels of nesting")
    try:
        _DECODE_ANYTHING(value)
        return _fault_of_json(value)
    except RecursionError:
        return FaultFound(Fault.NOT_JSON, "record value: expected fewer levels of nesting")
    except msgspec.DecodeError:
        return FaultFound(Fault.NOT_JSON, "record value: expected one JSON text (RFC 8259) of Unicode characters")


def _fault_of_json(value: bytes) -> FaultFound:
    try:
        envelope = _DECODE_ENVELOPE(value)
    except msgspec.ValidationError as error:
        return misfit(Fault.WRONG_ENVELOPE, _Envelope, place_of(error))
    if not 1 < envelope.time.year < 9999:
        return misfit(Fault.WRONG_ENVELOPE, _Envelope, "$.time")
    event_type = _TYPES.get(envelope.type)
    if event_type is None:
        return FaultFound(Fault.UNKNOWN_TYPE, f"$.type: expected one of {', '.join(_TYPES)}")
    try:
        msgspec.json.decode(value, type=event_type)
    except msgspec.ValidationError as error:
        return misfit(Fault.WRONG_SHAPE, event_type, place_of(error))
    return misfit(Fault.WRONG_SHAPE, event_type, "$")


def misfit(fault: Fault, shape: type[msgspec.Struct], path: str) -> FaultFound:
    """Return what the type expects at a path such as `$.data.lines[0].origin`, or at the next known path above it."""
    words = _expectations(shape)
    while _general(path) not in words:
        path = path[: max(path.rfind("."), path.rfind("["), 1)]
    return FaultFound(fault, f"{path}: expected {words[_general(path)]}")


def _general(path: str) -> str:
    return _INDEX.sub("[]", path)


def place_of(error: msgspec.ValidationError) -> str:
    """Return the path in a message of msgspec; the rest of the message is not used."""
    said, at, place = str(error).rpartition(" - at `")
    path = place.removesuffix("`") if at and place.startswith("$") else "$"
    words = said if at else place
    missing = words.removeprefix(_MISSING).partition("`")[0] if words.startswith(_MISSING) else ""
    return f"{path}.{missing}" if missing else path


@cache
def _expectations(shape: type[msgspec.Struct]) -> dict[str, str]:
    """Return what is expected at each path of a type, without the positions in lists."""
    words: dict[str, str] = {}
    _describe(inspect.type_info(shape), "$", words)
    return words


def _describe(kind: inspect.Type, path: str, words: dict[str, str], known: dict[str, object] | None = None) -> None:
    if isinstance(kind, inspect.Metadata):
        _describe(kind.type, path, words, kind.extra_json_schema)
        return
    if isinstance(kind, inspect.UnionType):
        inner = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
        _describe(inner, path, words)
        words[path] += " or null"
        return
    words[path] = _expected(kind, known or {})
    if isinstance(kind, inspect.StructType):
        if kind.tag_field is not None:
            words[f"{path}.{kind.tag_field}"] = f"text {kind.tag}"
        for field in kind.fields:
            _describe(field.type, f"{path}.{field.encode_name}", words)
    elif isinstance(kind, inspect.ListType):
        _describe(kind.item_type, f"{path}[]", words)


def _expected(kind: inspect.Type, known: dict[str, object]) -> str:
    match kind:
        case inspect.StrType():
            if isinstance(examples := known.get("examples"), list):
                meaning = str(known.get("description", "")).rstrip(".")
                return f"text such as {examples[0]} ({meaning})"
            least = kind.min_length or 0
            return f"text of {least} to {kind.max_length} characters" if kind.max_length else "text, not empty"
        case inspect.IntType():
            return f"an integer from {kind.ge} to {(kind.lt or 0) - 1}"
        case inspect.LiteralType():
            return f"one of {', '.join(map(str, kind.values))}"
        case inspect.DateTimeType():
            return "an instant (RFC 3339 with offset, years 2 to 9998)"
        case inspect.DateType():
            return "a date such as 2025-08-20"
        case inspect.ListType():
            return f"a list of {kind.min_length or 0} to {kind.max_length}"
        case inspect.StructType():
            description = known.get("description")
            return description[0].lower() + description[1:].rstrip(".") if isinstance(description, str) else "an object"
        case _:
            raise TypeError(f"no words for {type(kind).__name__}")
