"""`tallygate publish` as a process without a broker: what it prints where, and with which exit status."""

import csv
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.integration.publishing.ground import EXAMPLE, TALLYGATE, tallygate
from tests.pieces import ROOT

NOWHERE = {"TALLYGATE_KAFKA__BROKERS": "127.0.0.1:9"}
THREE = ROOT / "docs" / "examples" / "three-parcels.jsonl"


def publish(*arguments: str, given: bytes | None = None) -> tuple[int, str, str]:
    """Run it; gives exit status and both outputs."""
    done = tallygate(NOWHERE, "publish", *arguments, given=given)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_template_can_be_published() -> None:
    """What --template prints passes --check, whether it is named or given."""
    status, header, said = publish("--template")
    assert (status, said) == (0, "")
    assert len(next(csv.reader(header.splitlines()))) > 30
    assert publish("--check", "-", given=header.encode()) == (0, "2 events are right; nothing was sent\n", "")


def test_mistakes_end_it_before_the_broker_is_asked() -> None:
    """With mistakes in the file it ends with 1, though there is no broker either."""
    status, said, wrong = publish(str(EXAMPLE))
    assert (status, said) == (1, "2 events are right; nothing was sent\n")
    assert [line.split(": ")[:3] for line in wrong.splitlines()[:2]] == [
        [f"{EXAMPLE}:3", "value", "wrong-shape"],
        [f"{EXAMPLE}:4", "origin", "wrong-shape"],
    ]
    assert not any(word in wrong for word in ("Jane", "JANE", "Main", "Springfield", "$400", "France"))


def test_mistakes_shown_are_limited() -> None:
    """So many mistakes are shown, and how many more there are; all of them with 0."""
    shown = publish("--show", "1", str(EXAMPLE))[2].splitlines()
    assert shown[1:] == ["and 1 more; --show 0 lists all", "2 of 4 cannot be sent: wrong-shape 2"]
    assert len(publish("--show", "0", str(EXAMPLE))[2].splitlines()) == 3


def test_absent_broker_is_one_line_and_worth_another_try() -> None:
    """Without a broker it ends with 75 and says what to do; nothing is acknowledged."""
    status, said, wrong = publish(str(THREE))
    assert (status, said) == (75, "")
    first, second = wrong.splitlines()
    assert "Kafka at 127.0.0.1:9 does not answer" in first
    assert "TALLYGATE_KAFKA__BROKERS" in first
    assert second == "0 events are acknowledged; run it again, no event counts twice"


def test_absent_gateway_is_the_same(tmp_path: Path) -> None:
    """Without a gateway at the address it ends with 75 as well."""
    token = tmp_path / "token"
    token.write_text("tg_x_y")
    status, _, wrong = publish(str(THREE), "--gateway", "http://127.0.0.1:9", "--token-file", str(token))
    assert status == 75
    assert wrong.startswith("tallygate publish: the gateway at http://127.0.0.1:9 does not answer")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a file"),
        (["no-such.csv"], "no-such.csv: No such file"),
        (["--gateway", "http://x", str(THREE)], "--gateway and --token-file go together"),
        (["--gateway", "http://x", "--token-file", "no-such", str(THREE)], "no-such: No such file"),
        (["--format", "xml", str(THREE)], "xml"),
    ],
)
def test_bad_usage_is_two(arguments: list[str], said: str) -> None:
    """What cannot be meant ends with 2 and says why."""
    status, _, wrong = publish(*arguments)
    assert status == 2
    assert said in wrong


def test_wrong_settings_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that cannot be used is named, and is bad usage."""
    monkeypatch.setenv("TALLYGATE_KAFKA__EPOCH", "soon")
    status, _, wrong = publish(str(THREE))
    assert status == 2
    assert "TALLYGATE_KAFKA__EPOCH" in wrong


def test_terminal_sees_how_far_it_is() -> None:
    """On a terminal there is a bar while the file is checked, gone at the end."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*TALLYGATE, "publish", "--check", str(THREE)], stdout=subprocess.PIPE, stderr=theirs, cwd=ROOT,
        env={**os.environ, **NOWHERE, "TERM": "xterm", "COLUMNS": "100"},
    ) as process:  # fmt: skip
        os.close(theirs)
        seen = b""
        while chunk := _read(ours):
            seen += chunk
        assert process.stdout is not None
        assert process.stdout.read() == b"4 events are right; nothing was sent\n"
    os.close(ours)
    assert b"checking" in seen
    assert b"events" in seen


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
