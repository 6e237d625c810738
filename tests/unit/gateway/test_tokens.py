"""Tokens: what the file keeps, who is let in, and how soon a change is noticed."""

import asyncio
import hashlib
import json
import os
import secrets
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.gateway.http.token_file import create_token, revoke_token
from agents.gateway.http.tokens import REREAD_SECONDS, Token, TokenFileError, Tokens, read_tokens

NOW = datetime(2025, 8, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def make(file: Path, *scopes: str, life: timedelta = DAY) -> tuple[Token, str]:
    return create_token(file, "dock 4", scopes or ("scan",), NOW, life, secrets.token_bytes)  # type: ignore[arg-type]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


def test_file_keeps_the_digest_only(file: Path) -> None:
    """The token has 256 random bits; the file holds its SHA-256 and no part of its secret, for its owner only."""
    token, text = make(file, "scan", "audit")
    secret = text.rpartition("_")[2]
    assert len(bytes.fromhex(secret)) == 32
    assert token.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert secret not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (kept,) = json.loads(file.read_text())["tokens"]
    assert (kept["id"], kept["scopes"], kept["expires"]) == (token.id, ["audit", "scan"], "2025-08-21T12:00:00Z")


def test_tokens_are_unlike_one_another(file: Path) -> None:
    """Two tokens of the same name and scopes differ in id and secret, and both open."""
    (first, one), (second, two) = make(file), make(file)
    tokens = Tokens(file, lambda: NOW)
    assert (first.id, one) != (second.id, two)
    assert [tokens.find(text) for text in (one, two)] == [first, second]


@pytest.mark.parametrize(
    "change", ["", "tg_", "x", "tg_{id}_", "tg_{id}_" + "0" * 64, "{text}0", "tg_{id}", "\xe9\u2028"]
)
def test_any_other_text_is_unknown(file: Path, change: str) -> None:
    """Nothing but the very text of a token is taken for it."""
    token, text = make(file)
    tokens = Tokens(file, lambda: NOW)
    assert tokens.find(change.format(id=token.id, text=text)) == "unknown"
    assert tokens.find(text) == token


def test_token_expires_at_its_moment(file: Path) -> None:
    """Up to its last microsecond it opens, from its expiry on it does not."""
    token, text = make(file)
    moment = [token.expires - timedelta(microseconds=1)]
    tokens = Tokens(file, lambda: moment[0])
    assert tokens.find(text) == token
    moment[0] = token.expires
    assert tokens.find(text) == "expired"
    assert tokens.by_id(token.id) is None


def test_audit_may_scan(file: Path) -> None:
    """Scope audit implies scan, and no other scope implies anything."""
    allowed = {scope: make(file, scope)[0].allowed() for scope in ("publish", "scan", "audit", "plan")}
    assert allowed == {
        "publish": {"publish"}, "scan": {"scan"}, "audit": {"audit", "scan"}, "plan": {"plan"},
    }  # fmt: skip


async def test_revoked_token_is_noticed(file: Path) -> None:
    """After the next look at the file a revoked token is unknown, others still open, and who waited is told."""
    token, text = make(file)
    other, kept = make(file)
    tokens = Tokens(file, lambda: NOW)
    waiting = [asyncio.create_task(tokens.ended(each)) for each in (token.id, token.id, other.id)]
    assert revoke_token(file, token.id)
    await tokens.reread()
    assert tokens.find(text) == "unknown"
    assert tokens.find(kept) == other
    done, still = await asyncio.wait(waiting, timeout=1)
    assert (len(done), len(still)) == (2, 1)
    for task in still:
        task.cancel()


async def test_expiry_is_told_to_those_who_wait(file: Path) -> None:
    """A stream opened with a token hears of its expiry though the file never changed."""
    token, _text = make(file)
    moment = [NOW]
    tokens = Tokens(file, lambda: moment[0])
    waiting = asyncio.create_task(tokens.ended(token.id))
    await tokens.reread()
    assert not waiting.done()
    moment[0] = token.expires
    await tokens.reread()
    await asyncio.wait_for(waiting, 10)
    assert tokens.by_id(token.id) is None


async def test_watch_notices_by_itself(file: Path) -> None:
    """The watch lets a new token in without being asked, soon."""
    make(file)
    tokens = Tokens(file, lambda: NOW)
    watch = asyncio.create_task(tokens.watch())
    token, text = make(file)
    for _ in range(200):
        if tokens.find(text) == token:
            break
        await asyncio.sleep(0.05)
    watch.cancel()
    assert tokens.find(text) == token
    assert REREAD_SECONDS < 5


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"tokens": [{"id": "canary"}]}'])
def test_broken_file_lets_nobody_in(file: Path, content: bytes | None) -> None:
    """A file that has gone or is no tokens file shuts everybody out until it is mended; the reason quotes nothing."""
    token, text = make(file)
    good = file.read_bytes()
    tokens = Tokens(file, lambda: NOW)
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    asyncio.run(tokens.reread())
    assert tokens.find(text) == "unknown"
    assert str(file) in (tokens.problem or "")
    assert "canary" not in (tokens.problem or "")
    file.write_bytes(good)
    asyncio.run(tokens.reread())
    assert (tokens.find(text), tokens.problem) == (token, None)


def test_missing_file_is_refused_at_the_start(file: Path) -> None:
    """There is no gateway without a tokens file."""
    with pytest.raises(TokenFileError, match="No such file"):
        Tokens(file, lambda: NOW)


def test_writers_do_not_lose_each_others_tokens(file: Path) -> None:
    """Tokens made at the same time by many are all there."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _number: make(file)[0].id, range(24)))
    assert sorted(token.id for token in read_tokens(file)) == sorted(made)
    assert [path.name for path in file.parent.iterdir() if path.name not in {file.name, f"{file.name}.lock"}] == []


def test_failed_write_leaves_the_old_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk is full the old file stays whole, and nothing is left beside it."""
    token, _text = make(file)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TokenFileError, match="No space left"):
        make(file)
    assert read_tokens(file) == (token,)
    assert {path.name for path in file.parent.iterdir()} == {file.name, f"{file.name}.lock"}


def test_revoking_what_is_not_there_changes_nothing(file: Path) -> None:
    """An unknown id is told so, and the file is left as it is."""
    make(file)
    before = file.read_bytes()
    assert not revoke_token(file, "nobody")
    assert file.read_bytes() == before
