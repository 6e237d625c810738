"""The bills of a conveyance or of a day, in pages, and the conveyances of a day with how many bills they have.

A bill is listed where its answer is: on one conveyance, and on one day if it has one. Pages go by bill number, and each
page is read in one piece. So a bill that is listed all the time while pages are read is on exactly one of them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import msgspec

from agents.readmodel.items import event_of
from agents.readmodel.keys import DAY_PARTS, LISTS, Keys, list_of
from stream.answers import choose
from stream.decisions import Basis, Decision, Outcome

AFTER: Final = r"^[0-9]{1,2}\.[A-Z0-9]{4,35}$"
"""A page's `next`: the part of the day's lists, and the last bill."""
LISTED_MAX: Final = 1_000

_decision: Final = msgspec.json.Decoder(Decision).decode


class BillSelection(msgspec.Struct, frozen=True):
    """What bills are listed by: a conveyance, or a day of the programme's zone."""

    conveyance: str | None = None
    day: date | None = None

    @property
    def name(self) -> str:
        """Return what its keys begin with."""
        return f"conveyance:{self.conveyance}" if self.day is None else f"day:{self.day.isoformat()}"

    @property
    def parts(self) -> int:
        """Return the number of parts that its lists have; 0: they have none."""
        return 0 if self.day is None else DAY_PARTS

    def holds(self, decision: Decision) -> bool:
        """Return whether a bill with this answer is listed here."""
        data = decision.data
        return data.conveyance == self.conveyance if self.day is None else data.day == self.day


class PageStart(NamedTuple):
    """Where a page ended."""

    part: int = 0
    bill: str = ""

    @classmethod
    def of(cls, text: str, selection: BillSelection) -> "PageStart":
        """Read a page's `next`. Raise ValueError."""
        if re.fullmatch(AFTER, text) is None:
            raise ValueError("not the `next` of a page")
        part, _, bill = text.partition(".")
        if int(part) >= max(1, selection.parts):
            raise ValueError("not the `next` of a page of this list")
        return cls(int(part), bill)


BEGINNING: Final = PageStart()


class BillPage(msgspec.Struct, frozen=True):
    """Some of the bills of a conveyance or a day."""

    answers: tuple[Decision, ...]
    """Each bill's answer. There may be none, though further pages have some."""
    next: str | None
    """Where the next page begins; None: this was the last."""
    positions: Mapping[bytes, bytes]
    """As Redis holds them, read at the same moment."""


Counts = Mapping[tuple[Outcome, Basis | None], int]
"""Bills by outcome. The basis is told only of a warning, where the action depends on it."""


def lists_of(outcomes: Iterable[str]) -> list[str]:
    """Return the lists that have bills with these outcomes; all if there are none."""
    wanted = set(outcomes)
    return [name for name in LISTS if not wanted or name.removesuffix("-actual") in wanted]


def page_arguments(
    keys: Keys, selection: BillSelection, outcomes: Iterable[str], start: PageStart, count: int
) -> list[str | int]:
    """Return the script's arguments for a page."""
    named = lists_of(outcomes)
    return [keys.prefix, selection.name, selection.parts, start.part, start.bill, count, *named]


def bill_page(found: Sequence[Any], selection: BillSelection, outcomes: Iterable[str]) -> BillPage:
    """Return the page that the script has read."""
    positions, following, bills = found
    wanted = lists_of(outcomes)
    answers = []
    for held in bills:
        answer, _others = choose(_decision(event_of(value)) for value in held)
        # Not so where an older row of the bill has expired, and the list that it was in has not.
        if answer and selection.holds(answer) and list_of(answer.data.outcome, answer.data.basis) in wanted:
            answers.append(answer)
    at = dict(zip(positions[::2], positions[1::2], strict=True))
    return BillPage(tuple(answers), following.decode() or None, at)


def counts_of(found: Sequence[int]) -> Counts:
    """Return how many bills are in each list, from the lengths in the order of `LISTS`."""
    bases: dict[str, Basis] = {"warn": "estimated", "warn-actual": "actual"}
    return {
        (name.removesuffix("-actual"), bases.get(name)): length  # type: ignore[misc]  # they are outcomes
        for name, length in zip(LISTS, found, strict=True)
        if length
    }
