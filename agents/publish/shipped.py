"""The rules by which events are checked before they are sent: the shipped ones, with every programme enabled.

Which programmes are enabled, and which is the default, the workers know; who publishes may be far from them.
"""

from functools import cache

from state.rules import Rulebook, load_rulebook


@cache
def shipped_rules() -> Rulebook:
    """Return the shipped rules."""
    rulebook = load_rulebook()
    return rulebook.with_programmes(list(rulebook.known), rulebook.default_programme)
