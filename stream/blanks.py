"""Removes optional fields that are null or empty text from an event, since they count as missing (DESIGN section 2).

The types of `stream.events` accept most such fields. This module is for events that they refuse, so it may be slow.
"""

from functools import cache
from typing import Final

import msgspec
from msgspec import inspect

from stream.events import EVENT_TYPES

Fields = dict[str, msgspec.Raw]

_DECODE_FIELDS: Final = msgspec.json.Decoder(Fields).decode
_DECODE_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_BLANK: Final = (b"null", b'""')


class _Shape(msgspec.Struct, frozen=True, gc=False):
    """The fields of an object that may be blank, and its fields that are objects or lists of objects."""

    optional: frozenset[str]
    objects: dict[str, "_Shape"]
    lists: dict[str, "_Shape"]

    @property
    def is_plain(self) -> bool:
        """Whether no field in it or below may be blank."""
        return not (self.optional or self.objects or self.lists)


def without_blanks(value: bytes) -> bytes | None:
    """Return a JSON event without its blank optional fields; None if it has none, or is not an event."""
    try:
        fields = _DECODE_FIELDS(value)
        shape = _shapes().get(msgspec.json.decode(fields["type"], type=str))
        pruned = None if shape is None else _pruned(fields, shape)
    except (KeyError, RecursionError, msgspec.DecodeError):
        return None
    return None if pruned is None else msgspec.json.encode(pruned)


def _pruned(fields: Fields, shape: _Shape) -> Fields | None:
    """Return the fields of an object without its blanks, or None if it has none."""
    kept: Fields = {}
    changed = False
    for name, raw in fields.items():
        if name in shape.optional and bytes(raw) in _BLANK:
            changed = True
            continue
        fresh = None
        if name in shape.objects:
            fresh = _pruned_object(raw, shape.objects[name])
        elif name in shape.lists:
            fresh = _pruned_list(raw, shape.lists[name])
        changed = changed or fresh is not None
        kept[name] = raw if fresh is None else fresh
    return kept if changed else None


def _pruned_object(raw: msgspec.Raw, shape: _Shape) -> msgspec.Raw | None:
    try:
        fields = _DECODE_FIELDS(raw)
    except msgspec.DecodeError:
        return None
    pruned = _pruned(fields, shape)
    return None if pruned is None else msgspec.Raw(msgspec.json.encode(pruned))


def _pruned_list(raw: msgspec.Raw, shape: _Shape) -> msgspec.Raw | None:
    try:
        items = _DECODE_ITEMS(raw)
    except msgspec.DecodeError:
        return None
    pruned = [_pruned_object(item, shape) for item in items]
    if not any(pruned):
        return None
    return msgspec.Raw(msgspec.json.encode([fresh or item for fresh, item in zip(pruned, items, strict=True)]))


@cache
def _shapes() -> dict[str, _Shape]:
    """Return the shapes of events by their type."""
    return {str(kind.__struct_config__.tag): _shape_of(inspect.type_info(kind)) for kind in EVENT_TYPES}


def _shape_of(kind: inspect.Type) -> _Shape:
    if not isinstance(kind, inspect.StructType):
        return _Shape(frozenset(), {}, {})
    objects: dict[str, _Shape] = {}
    lists: dict[str, _Shape] = {}
    for field in kind.fields:
        inner = _bare(field.type)
        below = _shape_of(_bare(inner.item_type) if isinstance(inner, inspect.ListType) else inner)
        if not below.is_plain:
            (lists if isinstance(inner, inspect.ListType) else objects)[field.encode_name] = below
    return _Shape(frozenset(field.encode_name for field in kind.fields if not field.required), objects, lists)


def _bare(kind: inspect.Type) -> inspect.Type:
    """Return a type without its description, and without null."""
    while isinstance(kind, inspect.Metadata | inspect.UnionType):
        if isinstance(kind, inspect.Metadata):
            kind = kind.type
        else:
            kind = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
    return kind
