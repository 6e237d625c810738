"""Rule files of one's own: what they replace, add and take out; what the shipped ones promise; the page about both."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from state.rules import load_rulebook, rulebook_of
from state.rules.entries import CodeList, Dated
from state.rules.loading import shipped_texts
from state.rules.programmes import Amount
from state.rules.rule_files import REMEDIES, RuleText
from state.rules.rule_words import entries_on, meaning, period
from tests.docs.rules_page import HEADINGS, rules_page

BOOK = load_rulebook()
WHY = 'source = "made up for this test"\ncertainty = "C"\ntext = "Made up for this test."\n'
EXAMPLES = re.findall(r"```toml\n(.*?)```", rules_page(BOOK), re.DOTALL)


def test_example_of_the_page_moves_limit_and_suspension() -> None:
    """The first example of docs/rules.md does what it says: $500 from September 2025, no suspension."""
    book = rulebook_of(shipped_texts(), [RuleText("mine.toml", EXAMPLES[0])])
    days = date(2025, 8, 31), date(2025, 9, 1)
    limits = [found.value for day in days if (found := book.limits(day))]
    assert limits == [Amount(80000, "limit-800"), Amount(50000, "limit-500-proposed")]
    assert [cap.amount for day in days if (cap := book.on(day).single_value)] == [80000, 50000]
    assert book.on(date(2026, 7, 1)).suspended_rule is None
    assert book.id != BOOK.id


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_of_the_page_can_be_used(example: str) -> None:
    """Each example of docs/rules.md is a rule file that loads."""
    assert set(tomllib.loads(example)) <= {"remove", *HEADINGS}
    assert rulebook_of(shipped_texts(), [RuleText("mine.toml", example)]).id != BOOK.id


def test_later_files_add_to_earlier_ones(tmp_path: Path) -> None:
    """Files are added in the order given, and the last word on an id holds."""
    paths = [tmp_path / "a.toml", tmp_path / "b.toml"]
    for path, days in zip(paths, (20, 25), strict=True):
        path.write_text(f'[[constant]]\nid = "advice-days"\nvalue = {days}\nunit = "days"\n{WHY}')
    assert (load_rulebook(paths).advice_days, load_rulebook(paths[::-1]).advice_days) == (25, 20)


def test_entry_may_return_after_its_removal() -> None:
    """A later file may bring back an id that an earlier one took out."""
    back = f'[[suspension]]\nid = "suspension-2025"\nfrom = 2026-01-01\nuntil = 2026-06-23\n{WHY}'
    book = rulebook_of(shipped_texts(), [RuleText("a.toml", 'remove = ["suspension-2025"]'), RuleText("b.toml", back)])
    assert [book.on(date(2025, 12, 31)).suspended_rule, book.on(date(2026, 1, 1)).suspended_rule] == [
        None,
        "suspension-2025",
    ]


def test_gaps_between_exclusions_and_suspensions_are_sound() -> None:
    """What is excluded for a time may be free for a time and excluded again."""
    text = f'[[exclusion]]\nid = "early"\nfrom = 2025-01-04\nuntil = 2025-01-06\norigins = ["CN"]\n{WHY}'
    book = rulebook_of(shipped_texts(), [RuleText("mine.toml", text)])
    days = [date(2025, 1, 3), date(2025, 1, 4), date(2025, 1, 6), date(2025, 1, 7), date(2025, 5, 2)]
    found = [book.on(day).excluded_origins.get("CN") for day in days]
    assert found == [None, "early", "early", None, "origin-cn-hk-2025-05"]


def test_without_a_cap_a_bill_is_held_against_the_total_alone() -> None:
    """Where no cap of a single bill holds, days have none; a limit has no such gap."""
    book = rulebook_of(shipped_texts(), [RuleText("mine.toml", 'remove = ["single-800"]')])
    caps = [book.on(date(2016, 3, day)).single_value for day in (9, 10)]
    assert caps == [Amount(20000, "single-200"), None]


def test_id_tells_contents_not_order() -> None:
    """The fingerprint depends on what the entries say, not on the order of files."""
    assert rulebook_of(tuple(reversed(shipped_texts()))).id == load_rulebook().id == BOOK.id
    assert re.fullmatch(r"[0-9a-f]{12}", BOOK.id)


def test_long_texts_are_joined() -> None:
    """Lines of a wrapped text come out as one."""
    assert not [entry.id for _, entries in BOOK.data for entry in entries if "\n" in entry.text + entry.source]


def test_shipped_entries_name_an_address_or_a_citation() -> None:
    """Every shipped entry names a source that can be looked up, or owns up to being a choice of this project."""
    known = re.compile(
        r"https?://|CSMS \d|CFR|Cargo Release|ISO \d|a choice of this project|entr(y|ies) of the bill|the setting"
    )
    assert [entry.id for _, entries in BOOK.data for entry in entries if not known.search(entry.source)] == []


def test_choices_of_the_project_are_marked_as_such() -> None:
    """What no source says is marked C."""
    chosen = [entry for _, entries in BOOK.data for entry in entries if "choice of this project" in entry.source]
    assert {entry.certainty for entry in chosen} == {"C"}


def test_every_entry_has_words_and_a_period() -> None:
    """Each kind of entry can be told in one line, with the days it holds."""
    lines = [(meaning(entry, BOOK.data), period(entry)) for _, entries in BOOK.data for entry in entries]
    assert ("$200.00 per person and day", "until 2016-03-09") in lines
    assert ("origin CN, HK is not exempt", "from 2025-05-02") in lines
    assert ("$2,500.00", "every day") in lines
    assert all(said and held for said, held in lines)


def test_entries_of_a_day() -> None:
    """A day's list has the dated entries that hold, the undated ones and the quarter's rates; lists stay out."""
    book = rulebook_of(shipped_texts(), [RuleText("mine.toml", EXAMPLES[1])])
    ids = {entry.id for _, entry in entries_on(book.data, date(2025, 8, 20))}
    assert {"limit-800", "enforcement-withhold", "goods-quota", "rate-eur-2025q3", "advice-days"} <= ids
    assert not {"limit-200", "enforcement-warn", "suspension-2025", "countries", "cargo-release-error-318"} & ids
    assert "rate-eur-2025q3" not in {entry.id for _, entry in entries_on(book.data, date(2025, 10, 1))}


def test_page_is_the_one_in_the_repository(root: Path) -> None:
    """docs/rules.md is what the entries say today; `make docs` writes it again."""
    assert (root / "docs" / "rules.md").read_text("utf-8") == rules_page(BOOK)


def test_page_tells_every_entry_and_key() -> None:
    """Each entry stands on the page with its source, and each key with what to write."""
    page = rules_page(BOOK)
    for _, entries in BOOK.data:
        for entry in entries:
            assert f"### `{entry.id}`" in page
            assert entry.source in page
            assert not isinstance(entry, Dated) or period(entry) in page
    assert [key for key in REMEDIES if f"| `{key}` |" not in page] == []
    assert any(isinstance(entry, CodeList) for _, entries in BOOK.data for entry in entries)
