"""Rule files that must be refused, each with its file, its entry, what is wrong and what to do."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.rules import RulebookError, load_rulebook, rulebook_of
from state.rules.loading import shipped_texts
from state.rules.rule_files import RuleText

WHY = 'source = "made up for this test"\ncertainty = "C"\ntext = "Made up for this test."\n'


def entry(section: str, lines: str) -> str:
    """One entry with id x-1, its source and text, and the given lines (commas part them)."""
    return f'[[{section}]]\nid = "x-1"\n{WHY}' + lines.replace("; ", "\n") + "\n"


CODE = 'filing = "manifest"; outcome = "warn"; channel = "c"; code = "1"; wording = "w"; reasons = ["daily-limit"]'
RATE = 'currency = "EUR"; quarter = "2025Q3"; rate = "1.1"'
US = 'programme = "us-321"; measure = "value"; '
OLD = entry("limit", US + 'from = 2016-03-10; amount = "800.00"').replace("x-1", "limit-800")

# name: text, the entry named, and a part of the message
BROKEN = {
    "not TOML": ("[[limit\n", "file", "not TOML"),
    "nested too deeply": ("x = " + "[" * 5000, "file", "(?:not TOML|nested too deeply)"),
    "huge number": ("x = " + "9" * 5000, "file", "not TOML"),
    "unknown section": ("[[limits]]\n", "limits", "unknown section.*use one of programme, limit, "),
    "section is no list": ("[limit]\n", "limit", r"not a list of entries.*\[\[limit\]\]"),
    "entry is no table": ("limit = [1]\n", "limit number 1", "expected `object`"),
    "unknown key": (entry("suspension", "form = 2025-01-01"), "suspension x-1", "unknown key form.*use these keys"),
    "no id": (f"[[suspension]]\n{WHY}", "suspension number 1", "id is missing"),
    "bad id": (f'[[suspension]]\nid = "A B"\n{WHY}', "suspension A B", "id: expected"),
    "no source": ('[[suspension]]\nid = "x-1"\ncertainty = "A"\ntext = "long enough"', "suspension x-1", "source is m"),
    "source is empty": (entry("suspension", "").replace("made up for this test", ""), "suspension x-1", "source: exp"),
    "source is blank": (entry("suspension", "").replace("made up for this test", " " * 20), "suspension x-1", "source"),
    "unknown certainty": (entry("suspension", "").replace('"C"', '"E"'), "suspension x-1", "certainty: invalid"),
    "no plain words": (entry("suspension", "").replace("Made up for this test.", ""), "suspension x-1", "text: exp"),
    "day in quotes": (entry("suspension", 'from = "soon"'), "suspension x-1", "from: .*date without quotes"),
    "instant for a day": (entry("suspension", "from = 2025-01-01T00:00:00Z"), "suspension x-1", "from: expected `date"),
    "ends before it begins": (entry("suspension", "from = 2024-01-02; until = 2024-01-01"), "suspension x-1", "before"),
    "limit of 0.1": (entry("limit", 'dollars = "500.00"'), "limit x-1", 'amount = "500.00" and add the two lines prog'),
    "float for money": (entry("limit", US + "amount = 800.0"), "limit x-1", "amount: .*in quotes"),
    "money without cents": (entry("limit", US + 'amount = "800"'), "limit x-1", "amount: "),
    "negative money": (entry("limit", US + 'amount = "-1.00"'), "limit x-1", "amount: "),
    "caps overlap": (
        entry("single", US + 'from = 2025-01-01; amount = "1.00"'),
        "single x-1",
        r"single-800.*both decide the cap of a single bill on value \(us-321\)",
    ),
    "cap of an unknown measure": (
        entry("single", 'programme = "us-321"; measure = "count"; amount = 1'),
        "single x-1",
        "measure: .*value",
    ),
    "limits overlap": (entry("limit", US + 'from = 2025-01-01; amount = "1.00"'), "limit x-1", "limit-800.*both dec"),
    "limits overlap on one day": (
        entry("limit", US + 'until = 2016-03-09; from = 2016-03-09; amount = "1.00"'),
        "limit (?:x-1|limit-200)",
        r"both decide the limit on value \(us-321\)",
    ),
    "limits have a gap": (
        f"{OLD}until = 2025-01-01\n" + entry("limit", US + 'from = 2025-01-03; amount = "1.00"'),
        "limit x-1",
        "from: no limit of us-321 holds on 2025-01-02, between an earlier one and it",
    ),
    "no limit at all": ('remove = ["limit-200", "limit-800"]', "programme us-321", "no .*limit.* is of this programme"),
    "enforcement has a gap": ('remove = ["enforcement-withhold"]', "enforcement", "nothing holds on 2025-08-12"),
    "unknown enforcement": (entry("enforcement", 'enforcement = "block"'), "enforcement x-1", "enforcement: invalid"),
    "suspensions overlap": (entry("suspension", "from = 2026-01-01"), "suspension x-1", "both decide the suspension"),
    "unknown country": (entry("exclusion", 'origins = ["UK"]'), "exclusion x-1", "unknown country UK"),
    "country in small letters": (entry("exclusion", 'origins = ["cn"]'), "exclusion x-1", "origins: expected"),
    "no country": (entry("exclusion", "origins = []"), "exclusion x-1", "origins: expected"),
    "country named twice": (
        entry("exclusion", 'origins = ["TW", "TW"]'),
        "exclusion x-1",
        r"origin TW \(us-321\) twice",
    ),
    "country excluded twice": (entry("exclusion", 'origins = ["HK"]'), "exclusion .*", "both decide the origin HK"),
    "unknown flag": (entry("goods", 'flag = "dual-use"; filings = ["manifest"]'), "goods x-1", "flag: invalid"),
    "exclusion of no origin": (entry("exclusion", "origins = []"), "exclusion x-1", "origins: "),
    "goods ruled twice": (
        entry("goods", 'flag = "pga"; filings = ["manifest"]'),
        "goods x-1",
        "goods-pga-manifest .every day. and it .every day. both decide pga goods",
    ),
    "unknown filing error": (entry("filing", 'error = "999"'), "filing x-1", "error: invalid"),
    "filing error ruled twice": (entry("filing", 'error = "282"'), "filing .*", "both decide the filing error 282"),
    "unknown mode": (entry("code", CODE + '; modes = ["ship"]'), "code x-1", "modes: invalid"),
    "unknown outcome": (entry("code", CODE.replace('"warn"', '"stop"')), "code x-1", "outcome: invalid"),
    "unknown reason": (entry("code", CODE.replace("daily-", "dayly-")), "code x-1", "never has the reason dayly-limit"),
    "reason of another outcome": (entry("code", CODE.replace("daily-", "within-")), "code x-1", "warn never has"),
    "code ruled twice": (
        entry("code", CODE + '; modes = ["air"]'),
        "code (?:x-1|manifest-2m)",
        "code of manifest, air",
    ),
    "unknown currency": (entry("rate", RATE.replace("EUR", "EUX")), "rate x-1", "unknown currency EUX"),
    "rate of the dollar": (entry("rate", RATE.replace("EUR", "USD")), "rate x-1", "USD needs no rate to itself"),
    "rate of nothing": (entry("rate", RATE.replace("1.1", "0.00")), "rate x-1", "the rate is zero"),
    "float for a rate": (entry("rate", RATE.replace('"1.1"', "1.1")), "rate x-1", "rate: .*in quotes"),
    "unknown quarter": (entry("rate", RATE.replace("Q3", "Q5")), "rate x-1", "quarter: "),
    "rate given twice": (
        entry("rate", RATE) + entry("rate", RATE).replace("x-1", "x-2"),
        "rate x-2",
        "x-1 too decides the rate of EUR to USD in 2025Q3",
    ),
    "id twice": (entry("rate", RATE) * 2, "rate x-1", "id occurs twice"),
    "id of another section": (
        entry("suspension", "").replace("x-1", "limit-800"),
        "suspension limit-800",
        r"id is that of a limit in programme-us-321\.toml",
    ),
    "unknown figure": (entry("constant", 'value = 1; unit = "days"'), "constant x-1", "unknown name.*advice-days"),
    "unit of a figure": (
        entry("constant", 'value = 1; unit = "percent"').replace("x-1", "advice-days"),
        "constant advice-days",
        'unit is percent.*unit = "days"',
    ),
    "truth for a number": (entry("constant", 'value = true; unit = "days"'), "constant x-1", "value: expected `int`"),
    "figure removed": ('remove = ["advice-days"]', "constant advice-days", "missing.*do not remove"),
    "list removed": ('remove = ["countries"]', "codelist countries", "missing.*do not remove"),
    "unknown list": (entry("codelist", 'codes = ["A"]'), "codelist x-1", "unknown name.*countries"),
    "unknown id removed": ('remove = ["no-such"]', "remove", "no entry has the id no-such.*remove one of "),
    "remove is no list": ("remove = 1", "remove", "not a list of ids"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_file_is_refused(name: str) -> None:
    """The refusal names the file, the entry and the fault, and says what to do."""
    text, where, message = BROKEN[name]
    with pytest.raises(RulebookError) as caught:
        rulebook_of(shipped_texts(), [RuleText("mine.toml", text)])
    error = caught.value
    assert re.fullmatch(where, error.entry)
    assert re.search(message, str(error), re.DOTALL), str(error)
    assert error.file in {"mine.toml", "programme-us-321.toml", "exclusion.toml", "filing.toml", "code.toml"}
    assert len(error.remedy) > 10
    assert str(error) == f"{error.file}: {error.entry}: {error.problem}. Remedy: {error.remedy}."


def test_shipped_files_share_no_id() -> None:
    """Files that belong together may not replace each other's entries unseen."""
    text = entry("suspension", "until = 2000-01-01")
    with pytest.raises(RulebookError, match=r"b\.toml: suspension x-1: the id occurs twice, before in a\.toml"):
        rulebook_of([*shipped_texts(), RuleText("a.toml", text), RuleText("b.toml", text)])


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read: No such file"), (b"\xff\xfe", "not UTF-8")],
)
def test_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, message: str) -> None:
    """A missing file and one of another encoding are refused by name."""
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RulebookError, match=message):
        load_rulebook([path])


LINES = [line for text in shipped_texts() for line in text.text.splitlines() if line and not line.startswith("#")]


@given(st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=30)), max_size=12))
def test_any_text_is_loaded_or_refused_in_words(lines: list[str]) -> None:
    """Whatever a file holds, it is loaded, or refused with file, entry, problem and remedy; nothing else escapes."""
    try:
        book = rulebook_of(shipped_texts(), [RuleText("mine.toml", "\n".join(lines))])
    except RulebookError as error:
        outcome = [error.file, error.entry, error.problem, error.remedy]
    else:
        outcome = [book.id]
    assert all(outcome)
