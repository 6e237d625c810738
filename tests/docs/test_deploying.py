"""The procedure for one machine, typed as it stands with programs that only wait: what it starts it also stops."""

import os
import re
import signal
import stat
import subprocess
from pathlib import Path

import pytest

WAITS = """#!/bin/sh
echo "$$ $(basename "$0") $1 ${TALLYGATE_WORKER__NAME:-} ${TALLYGATE_METRICS__PORT:-0}" >> "$STARTED"
exec sleep 600
"""
"""A program that runs until it is stopped."""
TALLYGATE = f"""#!/bin/sh
case "$1" in worker|projection|gateway) ;; *) echo done; exit 0 ;; esac
{WAITS.partition(chr(10))[2]}"""
DONE = "#!/bin/sh\nexit 0\n"
KAFKA = "export KAFKA=/path/to/kafka_2.13-4.3.1"
VENV = "/path/to/tallygate/.venv/bin/activate"


def typed(root: Path) -> str:
    """Return all commands of the section, in order."""
    page = (root / "docs" / "deploying.md").read_text("utf-8")
    section = page.partition("## One machine, secured\n")[2].partition("\n## ")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))


def program(path: Path, text: str) -> None:
    """Write a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def lives(pid: int) -> bool:
    """Whether there is a process of this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def started(root: Path, tmp_path: Path) -> list[list[str]]:
    """Type the whole section; return id, name, argument, worker and port of each process that it started."""
    for name, text in (("tallygate", TALLYGATE), ("redis-server", WAITS), ("curl", DONE), ("openssl", DONE)):
        program(tmp_path / "bin" / name, text)
    for name, text in (("kafka-server-start.sh", WAITS), ("kafka-storage.sh", DONE)):
        program(tmp_path / "kafka" / "bin" / name, text)
    (tmp_path / "started").touch()
    script = typed(root)
    assert (KAFKA in script, VENV in script) == (True, True)
    script = script.replace(KAFKA, f"export KAFKA={tmp_path / 'kafka'}").replace(VENV, "/dev/null")
    # The stop comes at once when typed by a program: what was started must have become what it runs.
    stop = script.index("kill $(")
    script = f"{script[:stop]}until [ $(wc -l < $STARTED) -ge 8 ]; do sleep 0.05; done\n{script[stop:]}"
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "STARTED": str(tmp_path / "started"),
    }
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    found = [line.split(" ") for line in (tmp_path / "started").read_text().splitlines()]
    left = [each for each in found if lives(int(each[0]))]
    for pid, *_ in left:
        os.kill(int(pid), signal.SIGKILL)
    assert left == [], done.stderr
    assert list((tmp_path / "secured").glob("*.pids")) == []
    return found


def test_what_is_started_is_stopped_and_has_ports_of_its_own(started: list[list[str]]) -> None:
    """Eight processes were started, none is left, and no two of them have the same number of metrics ports."""
    names = sorted(f"{name} {argument}" if name == "tallygate" else name for _pid, name, argument, *_ in started)
    assert names == [
        "kafka-server-start.sh", "redis-server", "tallygate gateway", "tallygate projection",
        *["tallygate worker"] * 4,
    ]  # fmt: skip
    ports = sorted(int(port) for *_, argument, _worker, port in started if argument in {"worker", "projection"})
    assert ports == [9464, 9474, 9484, 9494, 9504]
