"""`tallygate token`: what it prints, where, and what it says when it cannot."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from agents.cli.main import main
from agents.gateway.http.tokens import Tokens, read_tokens


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


def token(*arguments: str, file: Path | None = None) -> Result:
    """Run the command."""
    more = [] if file is None else ["--file", str(file)]
    return CliRunner().invoke(main, ["token", *arguments, *more])


def create(file: Path, *more: str) -> str:
    made = token("create", "--name", "dock 4", *(more or ("--scope", "scan")), file=file)
    assert made.exit_code == 0, made.output
    return made.stdout.strip()


def test_create_prints_the_token_alone(file: Path) -> None:
    """Standard output is the token and nothing else, so that it can be caught; the rest is said beside it."""
    made = token("create", "--name", "dock 4", "--scope", "scan", "--scope", "audit", "--days", "30", file=file)
    (kept,) = read_tokens(file)
    now = datetime.now(UTC)
    found = Tokens(file, lambda: now).find(made.stdout.removesuffix("\n"))
    assert found == kept
    assert (kept.name, kept.scopes) == ("dock 4", ("audit", "scan"))
    assert timedelta(days=30, minutes=-5) < kept.expires - now <= timedelta(days=30)
    assert f"token {kept.id} (audit scan), good until" in made.stderr
    assert made.stdout.strip() not in made.stderr


def test_list_shows_everything_but_the_tokens(file: Path) -> None:
    """The list has id, scopes, dates and name of each in columns, and neither token nor digest."""
    text = create(file)
    create(file, "--scope", "publish", "--days", "1")
    kept = read_tokens(file)
    listed = token("list", file=file)
    head, *rows = [line.split("\t") for line in listed.stdout.splitlines()]
    assert head == ["id", "scopes", "created", "expires", "name", "sources"]
    assert [row[0] for row in rows] == [each.id for each in kept]
    assert [row[1] for row in rows] == ["scan", "publish"]
    assert {row[4] for row in rows} == {"dock 4"}
    assert text not in listed.stdout
    assert kept[0].sha256 not in listed.stdout


def test_list_shows_sources(file: Path) -> None:
    """A token's sources are in the file and in the list, each once; a token without any may publish of any source."""
    create(file, "--scope", "publish", "--source", "/b", "--source", "/a", "--source", "/b")
    create(file, "--scope", "publish")
    assert [kept.sources for kept in read_tokens(file)] == [("/a", "/b"), ()]
    assert [line.split("\t")[5] for line in token("list", file=file).stdout.splitlines()[1:]] == ["/a /b", ""]


def test_file_of_an_earlier_release_is_read(file: Path) -> None:
    """A token that was made before there were sources still works, and may publish of any source."""
    text = create(file, "--scope", "publish")
    file.write_text(file.read_text().replace('"sources": []', '"former": []'))
    assert "sources" not in file.read_text()
    now = datetime.now(UTC)
    found = Tokens(file, lambda: now).find(text)
    assert found == read_tokens(file)[0]
    assert read_tokens(file)[0].sources == ()


@pytest.mark.parametrize("source", ["", "two\nlines", "x" * 501])
def test_source_that_no_list_can_show_is_refused(file: Path, source: str) -> None:
    """A source that is empty, too long or not printable makes no token; nor does one without the scope publish."""
    for scope, word in (("publish", "printable"), ("scan", "--scope publish")):
        refused = token("create", "--scope", scope, "--name", "x", "--source", source, file=file)
        assert (refused.exit_code, word in refused.stderr) == (2, True)
    assert not file.exists()


def test_list_marks_what_has_expired(file: Path) -> None:
    """A token that opens nothing any more is said to."""
    create(file)
    late = (
        file.read_text().replace(str(datetime.now(UTC).year), "2020").replace(str(datetime.now(UTC).year + 1), "2020")
    )
    file.write_text(late)
    assert "(expired)" in token("list", file=file).stdout


def test_revoke_takes_one_out(file: Path) -> None:
    """What is revoked is gone from the file; another revocation of it fails."""
    create(file)
    kept = create(file)
    first, second = read_tokens(file)
    assert token("revoke", first.id, file=file).stdout == f"token {first.id} is revoked\n"
    assert read_tokens(file) == (second,)
    again = token("revoke", first.id, file=file)
    assert (again.exit_code, "tallygate token list" in again.stderr) == (1, True)
    now = datetime.now(UTC)
    assert Tokens(file, lambda: now).find(kept) == second


def test_file_comes_from_the_settings(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --file the gateway's own setting says where; without both the remedy is named."""
    monkeypatch.setenv("TALLYGATE_GATEWAY__TOKENS_FILE", str(file))
    assert token("create", "--name", "x", "--scope", "plan").exit_code == 0
    assert len(read_tokens(file)) == 1
    monkeypatch.delenv("TALLYGATE_GATEWAY__TOKENS_FILE")
    refused = token("list")
    assert (refused.exit_code, "--file FILE" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "--name", "x"), ("create", "--scope", "scan"), ("create", "--name", "x", "--scope", "all"),
        ("create", "--name", "x", "--scope", "scan", "--days", "0"), ("revoke",), ("forget",),
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_is_2(file: Path, arguments: tuple[str, ...]) -> None:
    """What the command line does not take ends with 2 and makes no file."""
    assert token(*arguments, file=file).exit_code == 2
    assert not file.exists()


@pytest.mark.parametrize("name", ["two\nlines", "tab\t", "x" * 101, "\x1b[31m"])
def test_name_that_would_spoil_the_list_is_refused(file: Path, name: str) -> None:
    """A name that a terminal would act on, or that fills it, makes no token."""
    refused = token("create", "--scope", "scan", "--name", name, file=file)
    assert (refused.exit_code, "printable" in refused.stderr) == (2, True)
    assert not file.exists()


@pytest.mark.parametrize("content", ["", "{}}", '{"tokens": [1]}'])
def test_broken_file_is_neither_read_nor_overwritten(file: Path, content: str) -> None:
    """A file that is something else is left as it is, and named."""
    file.write_text(content)
    for arguments in (("list",), ("revoke", "x"), ("create", "--scope", "scan", "--name", "x")):
        refused = token(*arguments, file=file)
        assert (refused.exit_code, str(file) in refused.stderr) == (2, True)
    assert file.read_text() == content


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Where no file can be made the reason is said in a line."""
    refused = token("create", "--scope", "scan", "--name", "x", file=tmp_path / "nowhere" / "tokens.json")
    assert (refused.exit_code, "No such file" in refused.stderr) == (2, True)
    assert "Traceback" not in refused.output
