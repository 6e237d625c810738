"""Loads the rulebook from the files that ship in the package and from files that a user adds."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from state.rules.rule_checks import check
from state.rules.rule_errors import RulebookError
from state.rules.rule_files import RuleText, gather, merge
from state.rules.rulebook import Rulebook, build_rulebook


def load_rulebook(paths: Sequence[Path] | None = None) -> Rulebook:
    """Return the shipped rules with those of the given files added in order. Raise RulebookError for a wrong file.

    An entry of a later file replaces the entry of the same id. `remove` takes entries out. All other entries are added.
    The rulebook must be complete after each file.
    """
    return rulebook_of(shipped_texts(), [read_rule_file(path) for path in paths or ()])


def rulebook_of(shipped: Sequence[RuleText], added: Sequence[RuleText] = ()) -> Rulebook:
    """Return a rulebook of texts that were already read. Raise RulebookError for a wrong one. No file is read."""
    merged = merge({}, shipped)
    check(merged, "shipped rules")
    for text in added:
        merged = merge(merged, [text])
        check(merged, text.name)
    return build_rulebook(gather(merged))


@cache
def shipped_texts() -> tuple[RuleText, ...]:
    """Return the rule files that ship in the package, by name."""
    folder = files("state.rules") / "data"
    shipped = sorted((item for item in folder.iterdir() if item.name.endswith(".toml")), key=lambda item: item.name)
    return tuple(RuleText(item.name, item.read_text("utf-8")) for item in shipped)


def read_rule_file(path: Path) -> RuleText:
    """Return a user's rule file. Raise RulebookError if it cannot be read."""
    try:
        return RuleText(path.name, path.read_text("utf-8"))
    except UnicodeDecodeError:
        raise RulebookError(path.name, "file", "not UTF-8", "save it as UTF-8 text") from None
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise RulebookError(str(path), "file", f"cannot be read: {problem}", "name a file that can be read") from None
