"""The table of phrases is complete, in every language, for whatever the translated pages show."""

import json
import re
from typing import Final

import pytest

from agents.gateway.pages.page_server import static_files
from stream.outcomes import Action
from stream.reasons import (
    ACTION_LINES,
    KEEP_LINE,
    PERIOD_LINES,
    REASON_LINES,
    SCAN_AGAIN_LINE,
    STALE_LINE,
    UNKNOWN_LINE,
)

FILES: Final = {name: file.body.decode() for name, file in static_files().items() if name.endswith((".js", ".html"))}
TABLE: Final = json.loads(static_files()["phrases.json"].body)
PHRASES: Final[list[dict[str, str]]] = TABLE["phrases"]
ENGLISH: Final = {phrase["en"] for phrase in PHRASES}
PAGES: Final = [name for name, text in FILES.items() if name.endswith(".html") and "data-languages" in text]
LINES: Final = {
    *Action, *ACTION_LINES.values(), KEEP_LINE, SCAN_AGAIN_LINE,
    *REASON_LINES.values(), *PERIOD_LINES.values(), STALE_LINE, UNKNOWN_LINE,
}  # fmt: skip
"""What the gateway and the steps say, which a page shows."""


def modules_of(page: str) -> set[str]:
    """Return the modules that a page loads, those that they load among them."""
    found: set[str] = set()
    left = set(re.findall(r"/pages/([\w-]+\.js)", FILES[page]))
    while left:
        found |= left
        left = {each for name in left for each in re.findall(r"from \"/pages/([\w-]+\.js)\"", FILES[name])} - found
    return found


def sentences(module: str) -> set[str]:
    """Return the texts of a module that people read: they begin with a capital and have a space or a full stop."""
    code = re.sub(r"^\s*(//|/?\*).*$", "", FILES[module], flags=re.MULTILINE)
    found = re.findall(r"\"([^\"\n]+)\"", code)
    return {each for each in found if re.match(r"[A-Z]", each) and re.search(r"[a-z] |[a-z]\.$", each)}


@pytest.mark.parametrize("page", PAGES)
def test_all_that_a_page_says_is_in_the_table(page: str) -> None:
    """Each marked element, each label and each sentence of the page's modules has its phrase."""
    marked = set(re.findall(r"data-say>([^<]+)<", FILES[page]))
    labels = set(re.findall(r"aria-label=\"([^\"]+)\" data-say-label", FILES[page]))
    assert len(marked) > 5
    assert marked | labels <= ENGLISH
    for module in modules_of(page):
        assert sentences(module) <= ENGLISH, module


def test_all_that_decisions_say_is_in_the_table() -> None:
    """Each action, each line of a reason and each line of what to do has its phrase."""
    assert ENGLISH >= LINES


def test_nothing_is_in_the_table_in_vain() -> None:
    """Each phrase is said by a page, a module or a decision."""
    said = "\n".join(FILES[name] for page in PAGES for name in (page, *modules_of(page)))
    assert [each for each in ENGLISH - LINES if each not in said] == []


def test_every_phrase_is_there_in_every_language() -> None:
    """No phrase lacks a language, none stands twice, and each has the placeholders of its English."""
    assert len(ENGLISH) == len(PHRASES)
    for phrase in PHRASES:
        assert list(phrase) == list(TABLE["languages"])
        assert all(text.strip() == text != "" for text in phrase.values())
        assert {tuple(sorted(re.findall(r"\{\w+\}", text))) for text in phrase.values()} == {
            tuple(sorted(re.findall(r"\{\w+\}", phrase["en"])))
        }


@pytest.mark.parametrize("language", TABLE["languages"])
def test_lines_and_actions_stay_apart(language: str) -> None:
    """In no language do two actions, two reasons or two things to do have one wording."""
    words = {phrase["en"]: phrase[language] for phrase in PHRASES}
    for group in ([*Action], [*ACTION_LINES.values()], [*REASON_LINES.values(), *PERIOD_LINES.values()]):
        assert len({words[each] for each in group}) == len(set(group))


def test_page_and_terminal_say_the_same() -> None:
    """What to do with a parcel is worded on the page as on the terminal."""
    block = FILES["watching.js"].partition("const TODO = {")[2].partition("}")[0]
    assert dict(re.findall(r"(\w+): \"(.+)\"", block)) == ACTION_LINES
