"""Session cookies: bound to a token, a key and a time."""

import secrets
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.gateway.http.sessions import KEY_BYTES, Sessions, session_key
from agents.gateway.http.token_file import create_token, revoke_token
from agents.gateway.http.tokens import Token, Tokens

NOW = datetime(2025, 8, 20, 12, tzinfo=UTC)
KEY = b"k" * KEY_BYTES


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    file = tmp_path / "tokens.json"
    for scope, days in (("scan", 30), ("audit", 0.25)):
        create_token(file, scope, [scope], NOW, timedelta(days=days), secrets.token_bytes)  # type: ignore[list-item]
    return Tokens(file, lambda: NOW)


def token_of(tokens: Tokens, scope: str) -> Token:
    (found,) = [token for token in tokens._tokens.values() if scope in token.scopes]
    return found


def test_cookie_stands_for_its_token(tokens: Tokens) -> None:
    """The value is good for the token it was opened with, and has no part of the token in it."""
    sessions, token = Sessions(KEY, 12), token_of(tokens, "scan")
    value, ends = sessions.open(token, NOW)
    assert sessions.find(value, tokens, NOW) == token
    assert ends == NOW + timedelta(hours=12)
    assert token.sha256 not in value


def test_cookie_ends_with_its_hours_or_its_token(tokens: Tokens) -> None:
    """A session lasts the hours that are set and no longer than the token does."""
    sessions = Sessions(KEY, 12)
    value, ends = sessions.open(token_of(tokens, "scan"), NOW)
    assert sessions.find(value, tokens, ends - timedelta(seconds=1)) == token_of(tokens, "scan")
    assert sessions.find(value, tokens, ends) == "expired"
    assert sessions.open(token_of(tokens, "audit"), NOW)[1] == token_of(tokens, "audit").expires


@pytest.mark.parametrize(
    "change",
    [
        lambda value, _other: value[:-1] + ("0" if value[-1] != "0" else "1"),
        lambda value, _other: value.replace(".", ".9", 1),
        lambda value, other: f"{other.id}.{value.partition('.')[2]}",
        lambda value, _other: value.rpartition(".")[0],
        lambda _value, _other: "..",
        lambda value, _other: value + "é",
    ],
    ids=["signature", "end", "token", "unsigned", "empty", "not ASCII"],
)
def test_changed_cookie_is_worth_nothing(tokens: Tokens, change: object) -> None:
    """A value with another token, another end or another signature is none of ours."""
    assert callable(change)
    sessions = Sessions(KEY, 12)
    value, _ends = sessions.open(token_of(tokens, "scan"), NOW)
    assert sessions.find(change(value, token_of(tokens, "audit")), tokens, NOW) == "unknown"


def test_cookie_of_another_key_is_worth_nothing(tokens: Tokens) -> None:
    """Who has only the tokens file cannot make sessions."""
    value, _ends = Sessions(b"x" * KEY_BYTES, 12).open(token_of(tokens, "scan"), NOW)
    assert Sessions(KEY, 12).find(value, tokens, NOW) == "unknown"


async def test_cookie_ends_when_its_token_is_revoked(tokens: Tokens) -> None:
    """Revoking a token ends its sessions."""
    sessions, token = Sessions(KEY, 12), token_of(tokens, "scan")
    value, _ends = sessions.open(token, NOW)
    revoke_token(tokens._file, token.id)
    await tokens.reread()
    assert sessions.find(value, tokens, NOW) == "unknown"


def test_key_is_made_once_and_private(tmp_path: Path) -> None:
    """The key file is made when it is missing, for its owner only, and read again by the next gateway."""
    file = tmp_path / "key"
    key = session_key(file)
    assert session_key(file) == key
    assert len(key) == KEY_BYTES
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_unusable_key_file_leaves_a_key_for_this_process(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where no key can be kept, or it is too short, the gateway runs with one of its own and says what follows."""
    short = tmp_path / "short"
    short.write_bytes(b"abc")
    keys = [session_key(tmp_path / "no such folder" / "key"), session_key(short)]
    assert [len(key) for key in keys] == [KEY_BYTES, KEY_BYTES]
    assert keys[0] != keys[1]
    assert "must sign in again" in caplog.text
    assert "fewer than 32 bytes" in caplog.text
