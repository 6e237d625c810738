"""The demo's token: for one day, on this machine, and not for publishing."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agents.demo.demo_token import LIFE, make_demo_token
from agents.gateway.http.tokens import Token, Tokens, digest, read_tokens

NOW = datetime.now(UTC)


def test_token_is_good_for_a_day_and_may_not_publish(tmp_path: Path) -> None:
    """It opens the pages and the questions, not the topics, and ends the next day."""
    text = make_demo_token(tmp_path / "tokens.json")
    tokens = Tokens(tmp_path / "tokens.json", lambda: NOW)
    found = tokens.find(text)
    assert isinstance(found, Token)
    assert found.allowed() == {"scan", "audit", "plan"}
    ends = found.expires
    assert NOW < ends <= datetime.now(UTC) + LIFE
    late = Tokens(tmp_path / "tokens.json", lambda: ends + timedelta(seconds=1))
    assert late.find(text) == "expired"


def test_token_fits_the_address_and_is_kept_as_a_digest(tmp_path: Path) -> None:
    """The page's address fits a line of 80 columns; the file holds no token and is its owner's alone."""
    file = tmp_path / "tokens.json"
    text = make_demo_token(file)
    assert len(f"scan     http://127.0.0.1:65535/#{text}") < 80
    assert text not in file.read_text()
    assert [token.sha256 for token in read_tokens(file)] == [digest(text)]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_two_demos_have_two_tokens(tmp_path: Path) -> None:
    """The token of one demo opens no other."""
    texts = {make_demo_token(tmp_path / f"{number}.json") for number in range(5)}
    assert len(texts) == 5
