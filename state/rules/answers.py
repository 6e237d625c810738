"""The former name of `day_rules`, until the two steps ask for the new one."""

from state.rules.day_rules import DayRules, FilingFacts, Rate

__all__ = ["DayRules", "FilingFacts", "Rate"]
