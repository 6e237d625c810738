"""A bill's answer for a scanner: the one decision that counts, of those on several conveyances (DESIGN section 3)."""

from collections.abc import Iterable
from datetime import date
from typing import Final, Protocol, TypeVar

from stream.decisions import Basis, DecisionData

_BASIS_ORDER: Final[dict[Basis | None, int]] = {"actual": 0, "estimated": 1, None: 2}


class HasDecision(Protocol):
    """A decision with what else is known of it, such as its time."""

    @property
    def data(self) -> DecisionData:
        """The decision itself."""


Known = TypeVar("Known", bound=HasDecision)


def replaces(data: DecisionData, before: DecisionData | None) -> bool:
    """Return whether a decision replaces the one known before of the same bill on the same conveyance."""
    return before is None or before.rank < data.rank


def current(decisions: Iterable[DecisionData]) -> dict[str, DecisionData]:
    """Return the decision of the highest rank on each conveyance; all decisions are of one bill, in any order."""
    found: dict[str, DecisionData] = {}
    for data in decisions:
        if replaces(data, found.get(data.conveyance)):
            found[data.conveyance] = data
    return found


def answer(decisions: Iterable[DecisionData]) -> DecisionData | None:
    """Return the decision that counts for a bill, or None if there is none.

    A decision that is not closed comes first; then an actual one before an estimated one, the higher version, the later
    day, the lowest conveyance by code point. Decisions may be in any order and may include repeats and outranked ones.
    """
    return min(current(decisions).values(), key=_preference, default=None)


def choose(known: Iterable[Known]) -> tuple[Known | None, tuple[Known, ...]]:
    """Return the decision that counts for a bill, and the current ones on its other conveyances, by conveyance.

    Decisions may be in any order and may include repeats and outranked ones.
    """
    held = list(known)
    kept = current(each.data for each in held)
    counting = answer(kept.values())
    shown = {each.data.conveyance: each for each in held if each.data is kept[each.data.conveyance]}
    chosen = None if counting is None else shown.pop(counting.conveyance)
    return chosen, tuple(shown[conveyance] for conveyance in sorted(shown))


def _preference(data: DecisionData) -> tuple[bool, int, int, int, str]:
    day = data.day or date.min
    return (
        data.outcome == "closed",
        _BASIS_ORDER[data.basis],
        -data.bill_version,
        -day.toordinal(),
        data.conveyance,
    )
