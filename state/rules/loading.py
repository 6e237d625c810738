"""The rulebook from the files that ship in the package, and from files a user adds."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from state.rules.rule_checks import check
from state.rules.rule_errors import RulebookError
from state.rules.rule_files import RuleText, gather, merge
from state.rules.rulebook import Rulebook, build_rulebook


def load_rulebook(paths: Sequence[Path] | None = None) -> Rulebook:
    """Load the shipped rules, with those of the given files added in order; raises RulebookError.

    An entry of a later file replaces the one of the same id, `remove` takes entries out, all others are added;
    after each file the rulebook must be whole.
    """
    return rulebook_of(shipped_texts(), [read_rule_file(path) for path in paths or ()])


def rulebook_of(shipped: Sequence[RuleText], added: Sequence[RuleText] = ()) -> Rulebook:
    """Make a rulebook of files already read; raises RulebookError. Touches no file itself."""
    merged = merge({}, shipped)
    check(merged, "shipped rules")
    for text in added:
        merged = merge(merged, [text])
        check(merged, text.name)
    return build_rulebook(gather(merged))


@cache
def shipped_texts() -> tuple[RuleText, ...]:
    """Read the rule files that ship in the package, by name."""
    folder = files("state.rules") / "data"
    shipped = sorted((item for item in folder.iterdir() if item.name.endswith(".toml")), key=lambda item: item.name)
    return tuple(RuleText(item.name, item.read_text("utf-8")) for item in shipped)


def read_rule_file(path: Path) -> RuleText:
    """Read a user's rule file; raises RulebookError when it cannot be read."""
    try:
        return RuleText(path.name, path.read_text("utf-8"))
    except UnicodeDecodeError:
        raise RulebookError(path.name, "file", "not UTF-8", "save it as UTF-8 text") from None
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise RulebookError(str(path), "file", f"cannot be read: {problem}", "name a file that can be read") from None
