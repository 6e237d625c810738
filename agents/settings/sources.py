"""Where settings are read besides the environment, and how a mistake in them is told: by name, never by value."""

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from agents.kafka.errors import RefusedError

PREFIX: Final = "TALLYGATE_"
CONFIG: Final = "TALLYGATE_CONFIG"
"""Names a settings file; a variable of the environment, of course, and no setting itself."""
OTHERS: Final = frozenset({CONFIG, "TALLYGATE_REQUIRE", "TALLYGATE_KAFKA_JARS", "TALLYGATE_SEED"})
"""Variables of ours that are no settings: the last three are for tests."""
SERVICE: Final = re.compile(r"_(SERVICE_(HOST|PORT.*)|PORT(_\d+_.*)?)$")
"""How the variables end that Kubernetes makes of a service, whatever its name."""


class SettingsError(RefusedError):
    """The settings cannot be used: what is wrong, a sentence for each mistake."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        """Take the sentences."""
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(self.mistakes))


def variables_of(settings: type[BaseModel]) -> dict[str, tuple[str, ...]]:
    """Return every variable with the path of its field."""
    found: dict[str, tuple[str, ...]] = {}
    for name, field in settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= {_variable((name, inner)): (name, inner) for inner in kind.model_fields}
        else:
            found[_variable((name,))] = (name,)
    return found


def read_file(settings: type[BaseModel], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what the settings file says, nothing if none is named. Raise SettingsError."""
    name = environment.get(CONFIG)
    if not name:
        return {}
    try:
        document = tomllib.loads(Path(name).read_text("utf-8"))
    except OSError as error:
        raise SettingsError([f"{CONFIG}: {name} cannot be read ({error.strerror}): name a file that can"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        # Python's text says what is wrong and where, and quotes a character at most.
        raise SettingsError([f"{CONFIG}: {name} is not TOML: {error}"]) from None
    wrong = [each for each in document if each not in settings.model_fields]
    if wrong:
        known = list(settings.model_fields)
        raise SettingsError(f"{CONFIG}: {name} has [{each}], which is no group{_near(each, known)}" for each in wrong)
    return document


def unknown_variables(settings: type[BaseModel], environment: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return sentences on variables that are ours by their name and no settings: surely mistakes, and perhaps mistakes.

    A field that its group does not know is found when the group is read.
    """
    known = variables_of(settings)
    plain = {name.replace("_", ""): name for name in known}
    mistakes: list[str] = []
    doubts: list[str] = []
    for name in sorted({name.upper() for name in environment if name.upper().startswith(PREFIX)} - OTHERS):
        group = name.removeprefix(PREFIX).partition("__")[0].lower()
        if name in known or SERVICE.search(name) or ("__" in name and group in settings.model_fields):
            continue
        meant = plain.get(name.replace("_", ""))
        sentence = f"{name} is no setting" + (f": write {meant}" if meant else _near(name, list(known)))
        (mistakes if meant or "__" in name else doubts).append(sentence)
    return mistakes, doubts


def mistakes_in(error: ValidationError, settings: type[BaseModel], environment: Mapping[str, str]) -> Iterator[str]:
    """Say in a sentence each what pydantic found: which variable or field of the file, and what it accepts."""
    known = variables_of(settings)
    given = {name.upper() for name in environment}
    for each in error.errors(include_input=False, include_url=False, include_context=False):
        path = tuple(str(part) for part in each["loc"][:2])
        variable = _variable(path)
        if not path or (each["type"] == "value_error" and "TALLYGATE_" in each["msg"]):
            yield each["msg"].removeprefix("Value error, ")
            continue
        fitting = next((name for name, field in known.items() if path[: len(field)] == field), variable)
        where = fitting
        if fitting not in given and CONFIG in given and not any(name.startswith(f"{fitting}__") for name in given):
            where = f"{'.'.join(path)} in {environment.get(CONFIG)}"
        if each["type"] == "extra_forbidden":
            yield f"{where} is no setting{_near(variable, list(known))}"
        else:
            yield f"{where}: {each['msg'].removeprefix('Value error, ').replace('Input should', 'it should')}"


def named(error: Exception, environment: Mapping[str, str]) -> str:
    """Say which variable could not even be read: one that must be JSON."""
    field = re.search(r'field "(\w+)"', str(error))
    group = f"{PREFIX}{field[1].upper()}" if field else PREFIX
    suspects = [name for name in environment if name.upper().startswith(group)] or [group]
    return f'{" or ".join(sorted(suspects))}: it should be JSON, such as ["a", "b"] or {{"name": 1}}'


def environment() -> Mapping[str, str]:
    """Return the environment, the one place that is asked for it."""
    return os.environ


def _variable(path: tuple[str, ...]) -> str:
    return PREFIX + "__".join(path).upper()


def _near(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, 1, 0.75)
    return f": did you mean {near[0]}?" if near else ": take it out, docs/settings.md has all that there are"
