"""Values go only into a new file that only its owner may read."""

import os
import stat
from pathlib import Path

import pytest
from msgspec import json

from agents.ops.dead_letters.letter_errors import DeadLettersError
from agents.ops.dead_letters.values import private_file, write_value
from tests.unit.ops.dead_letters.test_letter import letter_record


def test_file_is_private_and_holds_everything(tmp_path: Path) -> None:
    """Whatever the umask, the mode is 0600; text stays text and other bytes are base64."""
    path, before = tmp_path / "values.jsonl", os.umask(0)
    try:
        with private_file(path) as file:
            write_value(letter_record(key=b"air:1", value=b'{"n": 1}'), file)
            write_value(letter_record(key=None, value=b"\xff\n"), file)
            write_value(letter_record(key=b"\xff", value=None), file)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [json.decode(line) for line in path.read_bytes().splitlines()] == [
        {"at": "2:7", "error": "wrong-shape", "key": "air:1", "value": '{"n": 1}'},
        {"at": "2:7", "error": "wrong-shape", "value_base64": "/wo="},
        {"at": "2:7", "error": "wrong-shape", "key_base64": "/w=="},
    ]


def test_existing_file_is_refused(tmp_path: Path) -> None:
    """Neither a file nor a link is written to: others may have it open."""
    (tmp_path / "there").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("there", "link"):
        with pytest.raises(DeadLettersError, match="name a new file"), private_file(tmp_path / name):
            pass
    assert (tmp_path / "there").read_text() == "mine"
    with pytest.raises(DeadLettersError, match="No such file"), private_file(tmp_path / "no" / "folder"):
        pass


def test_file_of_a_failure_is_removed(tmp_path: Path) -> None:
    """When the broker goes away half a file is no answer, and the next try must not find it in its way."""
    path = tmp_path / "values.jsonl"
    with pytest.raises(TimeoutError), private_file(path):
        raise TimeoutError
    assert not path.exists()
    with pytest.raises(DeadLettersError, match="File too large"), private_file(path):
        raise OSError(27, "File too large")
    assert not path.exists()
