"""The folder of a sandbox: tokens and secret that stay, an `.env` that a shell reads, and nothing of others touched."""

import shlex
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.embedded.messages import BrokerReport
from agents.gateway.http.token_file import create_token, revoke_token
from agents.gateway.http.tokens import SCOPES, Token, Tokens, read_tokens
from agents.sandbox.sandbox_errors import NoSandboxError, SandboxFullError, SandboxTakenError
from agents.sandbox.sandbox_folder import ENV, TOKEN_LEFT, env_of, held_folder
from agents.sandbox.sandbox_run import Sandbox, SandboxOptions


def test_tokens_are_those_of_the_last_start(tmp_path: Path) -> None:
    """Each scope has one token, valid and for that scope alone, in a file of its own; a second start makes none."""
    with held_folder(tmp_path / "sandbox") as folder:
        made = folder.keep_tokens()
        assert list(made) == list(SCOPES)
        known = Tokens(folder.tokens, lambda: datetime.now(UTC))
        found = {scope: known.find(text) for scope, text in made.items()}
        assert {scope: token.scopes for scope, token in found.items() if isinstance(token, Token)} == {
            scope: (scope,) for scope in SCOPES
        }
        assert {(folder.path / f"{scope}-token").read_text().strip() for scope in SCOPES} == set(made.values())
    with held_folder(tmp_path / "sandbox") as folder:
        assert folder.keep_tokens() == made
        assert len(read_tokens(folder.tokens)) == len(SCOPES)


def test_token_that_ends_soon_or_was_revoked_is_replaced(tmp_path: Path) -> None:
    """The others stay."""
    with held_folder(tmp_path) as folder:
        made = folder.keep_tokens()
        revoke_token(folder.tokens, made["scan"].split("_")[1])
        _, short = create_token(folder.tokens, "short", ("plan",), datetime.now(UTC), TOKEN_LEFT / 2, bytes)
        (folder.path / "plan-token").write_text(short)
        again = folder.keep_tokens()
    assert {scope for scope in SCOPES if again[scope] != made[scope]} == {"scan", "plan"}
    assert again["plan"] != short


def test_a_shell_reads_the_env(tmp_path: Path) -> None:
    """Spaces, quotation marks and JSON come through as they are, and only this user may read the file."""
    path = tmp_path / "my sandbox's"
    with held_folder(path) as folder:
        variables = env_of("127.0.0.1:1", "unix:///r", "http://127.0.0.1:8080", folder, 4)
        folder.write_env(variables)
    script = f"set -a; . {shlex.quote(str(path / ENV))}; env -0"
    said = subprocess.run(["sh", "-euc", script], env={}, capture_output=True, check=True).stdout.decode()
    read = dict(line.split("=", 1) for line in said.split("\0") if line)
    assert {name: read[name] for name in variables} == variables
    assert variables["TALLYGATE_KAFKA__OPTIONS"] == '{"check_crcs": false}'
    assert stat.S_IMODE((path / ENV).stat().st_mode) == 0o600


def test_reset_forgets_what_a_sandbox_made_and_nothing_else(tmp_path: Path) -> None:
    """Logs, secret and tokens go; a file that someone put there stays."""
    with held_folder(tmp_path) as folder:
        secret, tokens = folder.secret.read_text(), folder.keep_tokens()
        folder.logs.mkdir()
        (folder.logs / "a-0.log").touch()
        (tmp_path / "notes.txt").touch()
        folder.reset()
        assert sorted(each.name for each in tmp_path.iterdir()) == ["notes.txt", "sandbox.lock"]
        assert folder.secret.read_text() != secret
        assert set(folder.keep_tokens().values()).isdisjoint(tokens.values())


def test_folder_is_one_sandbox_at_a_time_and_no_other_programs(tmp_path: Path) -> None:
    """A folder that is held is taken until it is let go; one with other files, and a file, is no sandbox."""
    with held_folder(tmp_path / "sandbox"), pytest.raises(SandboxTakenError), held_folder(tmp_path / "sandbox"):
        pass
    with held_folder(tmp_path / "sandbox"):
        pass
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    for path, said in ((tmp_path / "other", "has other files"), (tmp_path / "other" / "file", "cannot be used")):
        with pytest.raises(NoSandboxError, match=said), held_folder(path):
            pass
    assert [each.name for each in (tmp_path / "other").iterdir()] == ["file"]


def test_full_broker_is_told_before_it_ends_the_sandbox(tmp_path: Path) -> None:
    """From 80 per cent a person is told which partition it is; at 95 the sandbox ends, with what to do."""
    said: list[str] = []
    running = Sandbox(SandboxOptions(tmp_path), list[str]().append, said.append)
    running._check_fill(BrokerReport(per_cent=79, fullest="a-1"))
    assert said == []
    running._check_fill(BrokerReport(per_cent=80, fullest="a-1"))
    assert said == ["80 % full, a-1: at 95 % it ends"]
    with pytest.raises(SandboxFullError, match="--reset") as raised:
        running._check_fill(BrokerReport(per_cent=95, fullest="a-1"))
    assert raised.value.status == 78
