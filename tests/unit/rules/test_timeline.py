"""When rules turn, and what two days or two rulebooks differ in; shown by `tallygate rules timeline` and `diff`."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import structs
from typer.testing import CliRunner

from agents.cli.main import main
from state.rules import load_rulebook, rulebook_of
from state.rules.differences import Sectioned, differences
from state.rules.entries import RuleData
from state.rules.loading import shipped_texts
from state.rules.rule_files import RuleText
from state.rules.rule_words import entries_on, is_of
from state.rules.timeline import timeline

BOOK = load_rulebook()
WHY = 'source = "made up for this test"\ncertainty = "C"\ntext = "Made up for this test."\n'
MINE = (
    'remove = ["suspension-2025", "suspension-2026-regulation"]\n'
    f'[[single]]\nid = "pe-single-200"\nprogramme = "pe"\nmeasure = "value"\namount = "300.00"\n{WHY}'
    f'[[exclusion]]\nid = "x-1"\norigins = ["FR", "DE"]\nprogrammes = ["pe"]\n{WHY}'
)
run = CliRunner().invoke


def every(data: RuleData) -> list[Sectioned]:
    """All entries with their sections."""
    return [(section, entry) for section, entries in data for entry in entries]


def lines(*arguments: str) -> list[list[str]]:
    """What `tallygate rules` prints, cut at the tabs."""
    result = run(main, ["rules", *arguments])
    assert result.exit_code == 0, result.stderr
    return [line.split("\t") for line in result.stdout.splitlines()]


def test_turns_of_the_us_limit_stand_in_order() -> None:
    """A limit that ends goes before the one that begins on the day after it."""
    turns = [turn for turn in timeline(BOOK.data, "us-321") if turn.section == "limit"]
    assert [(turn.day, turn.begins, turn.entry.id) for turn in turns] == [
        (None, True, "limit-200"),
        (date(2016, 3, 10), False, "limit-200"),
        (date(2016, 3, 10), True, "limit-800"),
    ]


def test_every_programme_has_its_limits_on_the_timeline() -> None:
    """Limits stand there even if they hold on every day, and the whole timeline is that of all programmes."""
    whole = timeline(BOOK.data)
    assert whole == sorted(whole, key=lambda turn: turn.day or date.min)
    for name in BOOK.known:
        own = timeline(BOOK.data, name)
        assert any(turn.begins and turn.section == "limit" for turn in own)
        assert {turn.programme for turn in own} == {name}
        assert [turn for turn in whole if turn.programme == name] == own


@given(st.dates(date(2015, 1, 1), date(2027, 1, 1)), st.sampled_from([None, *BOOK.known]))
@example(date(2016, 3, 9), None)
@example(date(2025, 8, 28), "us-321")
@example(date(2022, 11, 16), "kr")
@example(date(2022, 11, 16), "kr-until-2022")
def test_timeline_turns_where_days_differ(day: date, programme: str | None) -> None:
    """What differs between a day and the next is what the timeline has for the next."""
    after = day + timedelta(days=1)
    found = differences(entries_on(BOOK.data, day, programme), entries_on(BOOK.data, after, programme))
    turns = {(turn.begins, turn.entry.id) for turn in timeline(BOOK.data, programme) if turn.day == after}
    assert {(difference.sign == "+", difference.entry.id) for difference in found} == turns


def test_entries_of_a_programme_are_those_that_concern_it() -> None:
    """A day's list for one programme has its entries and those of none; of us-321 nothing else."""
    ids = {entry.id for _, entry in entries_on(BOOK.data, date(2026, 11, 30), "ec")}
    assert {"ec", "ec-limit-1600", "ec-single-4-kg", "filing-no-weight", "advice-days"} <= ids
    assert not {"us-321", "limit-800", "suspension-2026-regulation", "goods-irc-tax", "filing-bill-type", "kr"} & ids
    assert all(is_of(entry, "ec") for entry in BOOK.data.constant)


def test_rulebooks_differ_in_what_a_file_changes() -> None:
    """Removed, replaced and added entries are told apart, and a replaced one names the fields."""
    mine = rulebook_of(shipped_texts(), [RuleText("mine.toml", MINE)])
    found = {item.entry.id: item for item in differences(every(BOOK.data), every(mine.data))}
    assert {name: item.sign for name, item in found.items()} == {
        "suspension-2025": "-",
        "suspension-2026-regulation": "-",
        "pe-single-200": "~",
        "x-1": "+",
    }
    assert "amount: 200.00 -> 300.00" in found["pe-single-200"].fields
    assert "verified: 2026-11-30 -> nothing" in found["pe-single-200"].fields
    assert {item.sign for item in differences(every(mine.data), every(BOOK.data))} == {"-", "+", "~"}
    assert list(differences(every(BOOK.data), every(BOOK.data))) == []


def test_id_that_changes_its_section_is_two_entries() -> None:
    """An id that the other side has in another section is an entry that went and one that came."""
    limit = BOOK.data.limit[0]
    moved = structs.replace(BOOK.data.suspension[0], id=limit.id)
    found = differences([("limit", limit)], [("suspension", moved)])
    assert [(item.sign, item.section) for item in found] == [("-", "limit"), ("+", "suspension")]


def test_timeline_command_prints_lines() -> None:
    """Each turn is a line with its day, programme, rule, words and certainty."""
    rows = lines("timeline", "--programme", "kr-until-2022")
    assert rows[0] == ["day", "programme", "turn", "rule", "says", "certainty"]
    assert rows[1][:4] == ["start", "kr-until-2022", "begins", "kr-until-2022-limit-150"]
    assert rows[-2][:3] == ["2022-11-17", "kr-until-2022", "holds no longer"]
    assert len(lines("timeline")) == len(timeline(BOOK.data)) + 1


def test_diff_command_compares_days_and_files(tmp_path: Path) -> None:
    """Two days differ in what turned between them, two files in what they say."""
    assert [row[:3] for row in lines("diff", "2025-08-11", "2025-08-12")] == [
        ["-", "enforcement", "enforcement-warn"],
        ["+", "enforcement", "enforcement-withhold"],
    ]
    assert lines("diff", "2025-08-11", "2025-08-12", "--programme", "pe") == []
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    rows = lines("diff", "shipped", str(path))
    assert ["+", "exclusion", "x-1", "origin FR, DE is not exempt (pe), every day"] in rows
    assert any(row[:3] == ["~", "single", "pe-single-200"] and "200.00 -> 300.00" in row[3] for row in rows)
    assert lines("diff", str(path), str(path)) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["diff", "2025-08-11", "shipped"],
        ["diff", "shipped", "no-such-file.toml"],
        ["timeline", "--programme", "kz"],
        ["show", "--programme", "kz"],
        ["check", "--programmes", "us-321,kz"],
        ["check", "--programmes", "kr"],
    ],
)
def test_what_cannot_be_shown_exits_with_two(arguments: list[str]) -> None:
    """A day against a file, a missing file and unknown programmes are bad usage."""
    result = run(main, ["rules", *arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


def test_check_says_how_long_topics_are_kept() -> None:
    """With the programmes to enable, the check says what they need of the topics."""
    result = run(main, ["rules", "check", "--programmes", "us-321, ec"])
    assert "enabled: ec, us-321; topics must be kept for 396 days" in result.stdout
    assert "topics must be kept for 60 days" in run(main, ["rules", "check"]).stdout
