"""A sandbox goes on where it was, is alone in its folder, tells what died, and leaves no process behind."""

import os
import signal
import socket
import stat
from pathlib import Path

import pytest

from tests.integration.demo.test_demo import children_of, gone
from tests.integration.sandbox.running import RunningSandbox, sandbox
from tests.prerequisites import ROOT
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

THREE = "docs/examples/three-parcels.jsonl"
PROGRAMS = {"broker": b"agents.embedded.broker_host", "manifest": b"agents.embedded.child_process"}


def publish_three(running: RunningSandbox) -> None:
    """Publish the three parcels, and wait until the second is withheld."""
    done = running.run("publish", THREE)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    wait_for(lambda: outcome(running) == "withhold", "the second parcel to be withheld")


def outcome(running: RunningSandbox, bill: str = "ACME00002") -> str | None:
    """Return what is decided about a parcel."""
    return running.ask(f"/v1/bills/{bill}", "scan")[1].get("outcome")


def history(running: RunningSandbox) -> list[object]:
    """Return every decision on the second parcel, with the offsets of their causes."""
    status, found = running.ask("/v1/bills/ACME00002/history", "audit")
    assert status == 200, found
    return list(found["decisions"])


def process_of(running: RunningSandbox, name: str) -> int:
    """Return the first of its processes that runs this program."""
    started = sorted(children_of(running.process.pid))
    return next(each for each in started if PROGRAMS[name] in Path(f"/proc/{each}/cmdline").read_bytes())


def test_second_start_goes_on_where_the_first_ended(tmp_path: Path) -> None:
    """Bills, history, offsets, secret and tokens are those of before, and what comes next counts on top of them."""
    folder = tmp_path / "sandbox"
    with sandbox(folder) as running:
        publish_three(running.ready())
        before, known, children = history(running), running.environment, children_of(running.process.pid)
        assert running.shown == (folder / ".env").read_text()
        assert running.end(signal.SIGINT) == 0, running.log()
        assert gone(children)
    assert {stat.S_IMODE(each.stat().st_mode) for each in (folder, folder / "logs")} == {0o700}
    with sandbox(folder) as running:
        running.ready()
        assert {name: value for name, value in running.environment.items() if name.endswith("_TOKEN")} == {
            name: value for name, value in known.items() if name.endswith("_TOKEN")
        }
        assert history(running) == before
        assert outcome(running) == "withhold"
        # All but one bill is stale; that one comes on top of a day that has $700.00 of $800.00.
        more = tmp_path / "more.jsonl"
        more.write_text((ROOT / THREE).read_text().replace("ACME00003", "ACME00004"))
        assert running.run("publish", str(more)).returncode == 0
        wait_for(lambda: outcome(running, "ACME00004") == "withhold", "the next parcel to be withheld")
        assert history(running) == before
    with sandbox(folder, "--reset") as running:
        running.ready()
        assert outcome(running) is None
        assert running.environment["SCAN_TOKEN"] != known["SCAN_TOKEN"]


def test_sandbox_that_is_killed_leaves_nothing_behind_and_goes_on(tmp_path: Path) -> None:
    """Its children end by themselves, and the broker keeps its last copy before it lets the folder go."""
    folder = tmp_path / "sandbox"
    with sandbox(folder) as running:
        publish_three(running.ready())
        children = children_of(running.process.pid)
        assert len(children) >= 7
        assert running.end(signal.SIGKILL) == -signal.SIGKILL
        assert gone(children)
    with sandbox(folder) as running:
        running.ready()
        assert outcome(running) == "withhold"


def test_only_one_runs_in_a_folder_and_at_a_port(tmp_path: Path) -> None:
    """A second one on the folder, a port that is taken and a folder of something else are refused in one sentence."""
    folder, other = tmp_path / "sandbox", tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").touch()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with sandbox(folder, "--port", port) as refused:
            assert refused.process.wait() == 75
            assert f"port {port} cannot be used" in refused.log()
    with sandbox(folder) as running:
        running.ready()
        with sandbox(folder) as second:
            assert second.process.wait() == 78
            assert second.log() == (
                f"tallygate sandbox: a sandbox runs in {folder} already: use it, end it with Ctrl-C, or name another "
                "folder with --folder\n"
            )
        assert running.process.poll() is None
    with sandbox(other, "--folder", "other") as refused:
        assert refused.process.wait() == 2
        assert refused.log().count("\n") == 1
        assert "has other files" in refused.log()
    assert [each.name for each in other.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("broker", "the embedded broker ended by itself, code -9"),
        ("manifest", "the manifest process ended by itself, code -9"),
    ],
)
def test_death_of_a_part_is_told_and_ends_the_whole(tmp_path: Path, name: str, said: str) -> None:
    """The part is named, the exit code is 1, and no process is left."""
    with sandbox(tmp_path / "sandbox") as running:
        children = children_of(running.ready().process.pid)
        os.kill(process_of(running, name), signal.SIGKILL)
        assert running.process.wait() == 1
        assert said in running.log()
        assert "Traceback" not in running.log()
        assert gone(children)
