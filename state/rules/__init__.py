"""The rulebook: dated rules as data files with their sources, checked when they are loaded.

Change a rule in `data/*.toml`, never in code. The modules only define what a file may hold and how to look rules up.
"""

from state.rules.day_rules import DayRules, FilingFacts, Rate
from state.rules.loading import load_rulebook, rulebook_of
from state.rules.programmes import Amount, Limits, Programme
from state.rules.rule_errors import RulebookError
from state.rules.rulebook import ENFORCEMENT_SETTING, Rulebook

__all__ = [
    "ENFORCEMENT_SETTING",
    "Amount",
    "DayRules",
    "FilingFacts",
    "Limits",
    "Programme",
    "Rate",
    "Rulebook",
    "RulebookError",
    "load_rulebook",
    "rulebook_of",
]
