"""The rulebook as settings describe it: shipped rules, your own files, and the enabled programmes."""

from agents.kafka.errors import RefusedError
from agents.settings.settings import Settings
from state.rules import RulebookError, load_rulebook
from state.rules.rulebook import Rulebook


def rulebook_of(settings: Settings) -> Rulebook:
    """Return the shipped rules and the files beside them, with the enabled programmes. Raise RefusedError."""
    try:
        return load_rulebook(settings.rules).with_programmes(settings.programmes, settings.default_programme)
    except RulebookError as error:
        raise RefusedError(str(error)) from None
