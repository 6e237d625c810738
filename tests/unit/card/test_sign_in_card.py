"""A card that signs a device in: codes that scanners read, no token in clear, and no card that others could abuse."""

import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agents.card import CardError, sign_in_card
from agents.card.qr_code import VERSIONS, qr_code
from agents.cli.main import main
from agents.gateway.http.tokens import read_tokens

TOKEN = f"tg_{'a1' * 5}_{'0f' * 32}"
OF_SEGNO = {
    b"x" * 106: "27721903f3d5343e11e788b1dce97f72e35d50bddfd9f3dad7cf61594fdcf4e9",
    b"y" * 213: "213f5f2342188390c68d3759e1feb2943e8edf67aafce102fdeeb5ceb7fee4eb",
}
"""Text -> SHA-256 of its modules, as segno 1.6.6 makes them with level M, bytes and mask 0."""
READ = {TOKEN.encode(): "9afda3bc8d7c0d787b37ca64c2e3ef18bafacae401b269efdcc59098b5dc6607"}
"""The same of a text of which zxing-cpp 3.1.1 has read the code back."""


@pytest.mark.parametrize(("text", "digest"), [*OF_SEGNO.items(), *READ.items()])
def test_codes_are_those_of_others(text: bytes, digest: str) -> None:
    """Each module is where another encoder puts it, or where another decoder has read it."""
    modules = qr_code(text)
    assert hashlib.sha256("".join(str(int(each)) for line in modules for each in line).encode()).hexdigest() == digest


def test_text_that_is_too_long_is_refused() -> None:
    """What fits no code raises, and the longest that fits is the one that the larger code holds."""
    assert VERSIONS[-1].bytes_max == 213
    with pytest.raises(ValueError, match="at most 213 bytes"):
        qr_code(b"x" * 214)


def test_card_has_the_token_in_its_codes_alone() -> None:
    """The page names the token by its id; a name that is markup is text; without an address there is one code."""
    page = sign_in_card("<b>belt 4</b>", "a1" * 5, TOKEN, "2026-12-31 08:00 UTC", "https://gate.example")
    assert (TOKEN in page, "&lt;b&gt;belt 4" in page, page.count("<svg"), "<script" in page) == (False, True, 2, False)
    assert "https://gate.example/</p>" in page
    assert sign_in_card("belt 4", "a1" * 5, TOKEN, "", None).count("<svg") == 1


@pytest.mark.parametrize(
    "address", ["http://gate.example", "gate.example", "https://a@gate.example", "https://g/#x", f"https://{'g' * 140}"]
)
def test_address_that_is_no_safe_one_is_refused(address: str) -> None:
    """A token goes over https or stays on this machine, and the error does not have it."""
    with pytest.raises(CardError) as raised:
        sign_in_card("belt 4", "a1" * 5, TOKEN, "", address)
    assert TOKEN not in str(raised.value)


def test_command_writes_a_private_file_and_prints_no_token(tmp_path: Path) -> None:
    """The card is its owner's alone; a file that is there, another scope, a bad address: no card and no token."""
    tokens, card = tmp_path / "tokens.json", tmp_path / "card.html"
    common = ["token", "create", "--name", "belt 4", "--file", str(tokens), "--card"]
    made = CliRunner().invoke(main, [*common, str(card), "--scope", "scan", "--address", "https://gate.example"])
    assert (made.exit_code, "tg_" in made.output, card.stat().st_mode & 0o777) == (0, False, 0o600)
    other = tmp_path / "other.html"
    refused = (
        [*common, str(card), "--scope", "scan"],
        [*common, str(other), "--scope", "scan", "--scope", "audit"],
        [*common, str(other), "--scope", "scan", "--address", "http://gate.example"],
    )
    assert [CliRunner().invoke(main, each).exit_code for each in refused] == [2, 2, 2]
    assert (len(read_tokens(tokens)), other.exists()) == (1, False)
