"""What two sets of rules differ in, entry by entry: those of two rulebooks, or those that decide on two days."""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from msgspec import structs

from state.rules.entries import RuleEntry

Sectioned = tuple[str, RuleEntry]
"""An entry with the section that it stands in."""


class Difference(NamedTuple):
    """An entry that only one side has, or that says something else on either side."""

    sign: Literal["-", "+", "~"]
    """`-`: only the first side has it; `+`: only the second; `~`: both, and `fields` says what differs."""
    section: str
    entry: RuleEntry
    """The entry of the second side, where it has one."""
    fields: tuple[str, ...] = ()


def differences(before: Iterable[Sectioned], after: Iterable[Sectioned]) -> Iterator[Difference]:
    """Return how the second side differs from the first: in the order of the first side, then what is new."""
    old = {entry.id: (section, entry) for section, entry in before}
    new = {entry.id: (section, entry) for section, entry in after}
    for name, (section, entry) in old.items():
        if name not in new:
            yield Difference("-", section, entry)
        elif new[name][1] != entry:
            now_in, now = new[name]
            if now_in == section:
                yield Difference("~", section, now, tuple(_fields(entry, now)))
            else:
                yield from (Difference("-", section, entry), Difference("+", now_in, now))
    yield from (Difference("+", *new[name]) for name in new if name not in old)


def _fields(before: RuleEntry, after: RuleEntry) -> Iterator[str]:
    for field in structs.fields(type(after)):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old != new:
            yield f"{field.encode_name}: {_said(old)} -> {_said(new)}"


def _said(value: object) -> str:
    if value is None or value == ():
        return "nothing"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
