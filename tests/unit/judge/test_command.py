"""`tallygate judge` as a process: what it prints, where, and with which exit code."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import CASES
from tests.prerequisites import ROOT
from tests.scenarios.running import JUDGE, judge_command

CASE = CASES / "12-dead-letters"
EVENTS = CASE / "events.jsonl"
EXAMPLE = ROOT / "docs" / "examples" / "three-parcels.jsonl"


def test_repeat_is_byte_identical(tmp_path: Path) -> None:
    """The same file gives the same bytes: decisions, dead letters, alerts and summary."""
    said = set()
    for turn in ("one", "two"):
        files = [tmp_path / f"{turn}.{kind}" for kind in ("dead", "alerts")]
        source = str(CASES / "24-alerts" / "events.jsonl")
        done = judge_command([source, f"--dead-letters={files[0]}", f"--alerts={files[1]}"])
        said.add((done.returncode, done.stdout, done.stderr, *(file.read_bytes() for file in files)))
    assert len(said) == 1


def test_programmes_are_those_that_are_named() -> None:
    """A bill that names none is of the default programme; one of a programme that is not enabled is rejected."""
    event = json.loads(EXAMPLE.read_bytes().splitlines()[0])
    events = b"".join(
        json.dumps({**event, "data": {**event["data"], "bill": f"ACME900{number}", **more}}).encode() + b"\n"
        for number, more in enumerate(({}, {"programme": "uz"}, {"programme": "us-321"}))
    )
    asked = judge_command(["-", "--programmes=uz, az", "--default-programme=az"], events)
    judged = [json.loads(line)["data"] for line in asked.stdout.splitlines()]
    assert [(each["programme"], each["filing_errors"]) for each in judged] == [
        ("az", []),
        ("uz", []),
        ("us-321", ["unknown-programme"]),
    ]


def test_standard_input_is_a_file_like_others() -> None:
    """With - the events come from standard input, and the answer is the same."""
    given = judge_command(["-"], EVENTS.read_bytes())
    named = judge_command([str(EVENTS)])
    assert (given.returncode, given.stdout, given.stderr) == (0, named.stdout, named.stderr)


def test_dead_letters_are_hinted_at() -> None:
    """Without a file for dead letters they are counted by code, with a word on how to see why."""
    said = judge_command([str(EVENTS)]).stderr.decode()
    assert "dead letters 36" in said
    assert said.endswith("to see why, add --dead-letters FILE\n")


def test_dead_letters_quote_nothing(tmp_path: Path) -> None:
    """Details name places, never values: no text of the events is in them."""
    path = tmp_path / "dead.jsonl"
    done = judge_command([str(EVENTS), f"--dead-letters={path}"])
    letters = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert all(list(letter) == ["error", "detail", "line"] and letter["detail"] for letter in letters)
    words = ("Ann", "Oak", "12.345", "heavy", "conf0001", "weighed", "345678900")
    assert [word for word in words if word in path.read_text("utf-8") + done.stderr.decode()] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing argument"),
        (["no-such-file.jsonl"], "no-such-file.jsonl: No such file or directory"),
        ([str(CASE)], "Is a directory"),
        ([str(EVENTS), "--overflow=some"], "some"),
        ([str(EVENTS), "--as-of=yesterday"], "yesterday"),
        ([str(EVENTS), "--rules=no-such-rules.toml"], "no-such-rules.toml"),
        ([str(EVENTS), f"--rules={EVENTS}"], "events.jsonl"),
        ([str(EVENTS), "--programmes=us-321,atlantis"], "no programme has the id atlantis"),
        ([str(EVENTS), "--programmes=kr"], "us-321 is not among the enabled programmes (kr)"),
        ([str(EVENTS), "--programmes=,"], "us-321 is not among the enabled programmes (none)"),
        ([str(EVENTS), "--default-programme=kr-of-old"], "kr-of-old is not among the enabled programmes"),
        ([str(EVENTS), "--secret-file=no-such-secret"], "no-such-secret: No such file or directory"),
        ([str(EVENTS), f"--secret-file={os.devnull}"], "the file holds no secret"),
        ([str(EVENTS), "--dead-letters=no/such/folder"], "no/such/folder: No such file or directory"),
    ],
)
def test_bad_usage_and_unreadable_files_exit_with_two(arguments: list[str], said: str) -> None:
    """Whatever cannot be used or read is named on standard error; nothing is decided."""
    done = judge_command(arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr.decode()


def test_secret_changes_keys_and_nothing_else(tmp_path: Path) -> None:
    """A secret of one's own gives other consignee keys; a line feed at its end is not part of it."""
    source = str(CASES / "01-limit-of-the-day" / "events.jsonl")
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("a secret of sixteen", "utf-8")
    two.write_text("a secret of sixteen\n", "utf-8")
    public, mine, again = (judge_command([source, *option]).stdout for option in ([], secret(one), secret(two)))
    assert mine == again
    assert without_consignee(mine) == without_consignee(public)
    assert mine != public


def secret(path: Path) -> list[str]:
    """The option that names a secret."""
    return [f"--secret-file={path}"]


def without_consignee(out: bytes) -> list[dict[str, object]]:
    """Decisions without the key that the secret makes."""
    return [
        {field: value for field, value in json.loads(line)["data"].items() if field != "consignee"}
        for line in out.splitlines()
    ]


def test_reader_may_leave(tmp_path: Path) -> None:
    """When the reader has gone, as with `| head`, the command ends without a traceback."""
    source = tmp_path / "events.jsonl"
    line = (CASES / "01-limit-of-the-day" / "events.jsonl").read_bytes().splitlines()[0]
    source.write_bytes(b"".join(line.replace(b"CONF0001", b"C%07d" % number) + b"\n" for number in range(4000)))
    with subprocess.Popen([*JUDGE, str(source)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().startswith(b'{"specversion"')
        process.stdout.close()
        assert process.stderr.read() == b""


def test_progress_is_for_terminals_only() -> None:
    """On a terminal standard error shows a bar; otherwise it holds the summary alone."""
    ours, theirs = pty.openpty()
    done = subprocess.run([*JUDGE, str(EVENTS)], stdout=subprocess.PIPE, stderr=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "lines" in shown
    assert "\x1b[" in shown
    assert done.stdout == judge_command([str(EVENTS)]).stdout
