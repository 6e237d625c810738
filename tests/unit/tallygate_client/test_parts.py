"""The pieces that need no gateway: cutting a stream, the file of the id, what is imported, and by whom."""

import ast
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

import agents.tallygate_client as module
from agents.tallygate_client import RefusedError
from agents.tallygate_client.following import SILENCE_SECONDS
from agents.tallygate_client.id_file import EVERY_SECONDS, IdFile
from agents.tallygate_client.server_events import EventReader, ServerEvent
from tests.prerequisites import ROOT

FOLDER = Path(module.__file__).parent
STREAM = ": a comment\nid: 1\n\nevent: decision\ndata: ä\ndata:b\nid: 2\n\n\nretry: 5\n\ndata\n\nid\n\n"
EVENTS = [
    ServerEvent("message", None, "1"),
    ServerEvent("decision", "ä\nb", "2"),
    ServerEvent("message", "", None),
    ServerEvent("message", None, ""),
]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("seed", range(5))
def test_stream_is_cut_alike_however_it_comes(end: str, seed: int) -> None:
    """Any ends of lines, and any pieces, within a character too, make the same events."""
    chance, reader, found = Random(seed), EventReader(), list[ServerEvent]()
    data = (STREAM + "x").replace("\n", end).encode()
    while data:
        size = chance.randint(1, 7)
        found += reader.feed(data[:size])
        data = data[size:]
    assert found == EVENTS


def test_id_file_is_written_once_a_second_and_at_the_end(tmp_path: Path) -> None:
    """The first id is written at once, further ones wait for a second to pass or for `flush`; nothing else is left."""
    path, now = tmp_path / "id", [100.0]
    file = IdFile(path, lambda: now[0])
    seen = []
    for number in range(4):
        file.save(f"1.{number}")
        seen.append(file.load())
        now[0] += EVERY_SECONDS / 2
    file.flush()
    assert (seen, file.load()) == (["1.0", "1.0", "1.2", "1.2"], "1.3")
    assert [each.name for each in tmp_path.iterdir()] == ["id"]


def test_id_that_cannot_be_kept_is_an_error(tmp_path: Path) -> None:
    """A folder that is not there is named at the first id, not found out after a crash."""
    with pytest.raises(RefusedError, match=r"id not kept: .*: No such file"):
        IdFile(tmp_path / "none" / "id").save("1.0")


def test_modules_import_each_other_by_relative_imports_only() -> None:
    """Under the name of the wheel no import may name a room of this repository."""
    named = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                named |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                named.add(str(node.module).partition(".")[0])
    assert named - sys.stdlib_module_names == {"httpx", "aiokafka"}


def test_application_needs_no_httpx() -> None:
    """What the application uses of the client loads without httpx, and all names are there with it."""
    probe = "import sys; sys.modules['httpx'] = None; import agents.publish.over_gateway, agents.publish.publisher"
    subprocess.run([sys.executable, "-c", probe], check=True, cwd=ROOT)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = module.nothing_such


def test_silence_is_that_of_the_page() -> None:
    """The client gives a connection up after as long as the page on subscribing says."""
    page = (ROOT / "docs" / "subscribing.md").read_text("utf-8")
    assert f"If nothing comes for {SILENCE_SECONDS:.0f} seconds, the connection is dead" in page
