"""The filters of a subscriber: the same for server-sent events and for webhooks."""

from collections.abc import Collection
from typing import Final, get_args

import msgspec

from state.rules import Rulebook
from stream.decisions import Decision, Outcome
from stream.postings import US_321

OUTCOMES: Final[frozenset[str]] = frozenset(get_args(Outcome))
FILTERS_MAX: Final = 100


class FilterError(ValueError):
    """Filters that cannot be used: a title, and what is expected."""

    def __init__(self, title: str, detail: str) -> None:
        super().__init__(f"{title}: {detail}")
        self.title = title
        self.detail = detail


class WantedDecisions(msgspec.Struct, frozen=True):
    """A subscriber's filters; an empty filter lets everything through."""

    conveyances: frozenset[str] = frozenset()
    outcomes: frozenset[str] = frozenset()
    programmes: frozenset[str] = frozenset()
    default: str = US_321
    """The programme that no line names."""
    audit: bool = False
    """Whether the subscriber may see everything of a decision."""

    def wants(self, decision: Decision) -> bool:
        """Return whether a decision passes the filters."""
        data = decision.data
        return (
            (not self.conveyances or data.conveyance in self.conveyances)
            and (not self.outcomes or data.outcome in self.outcomes)
            and (not self.programmes or data.programme in self.programmes)
        )


def checked_filters(
    conveyances: Collection[str], outcomes: Collection[str], programmes: Collection[str], rulebook: Rulebook
) -> WantedDecisions:
    """Return the filters, for scope `scan`. Raise FilterError."""
    if not OUTCOMES.issuperset(outcomes):
        raise FilterError("Unknown outcome", f"`outcome` is one of {', '.join(sorted(OUTCOMES))}")
    if not rulebook.programmes.keys() >= set(programmes):
        raise FilterError("Not an enabled programme", f"programme: expected one of {', '.join(rulebook.programmes)}")
    if len(conveyances) + len(outcomes) + len(programmes) > FILTERS_MAX:
        filters = "`conveyance`, `outcome` and `programme`"
        raise FilterError("Too many filters", f"at most {FILTERS_MAX} of {filters} together")
    return WantedDecisions(
        frozenset(conveyances), frozenset(outcomes), frozenset(programmes), rulebook.default_programme
    )
