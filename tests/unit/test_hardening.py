"""A process that holds secrets leaves no core and is closed to others of its user."""

import subprocess
import sys

SCRIPT = """
import ctypes, resource
from agents.observability.log import keep_memory_private
{call}
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


def told(call: str) -> str:
    """What a process says of its core limit and of PR_GET_DUMPABLE."""
    command = ["sh", "-c", 'ulimit -S -c "$(ulimit -H -c)"; exec "$@"', "sh", sys.executable, "-c"]
    done = subprocess.run([*command, SCRIPT.format(call=call)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_memory_stays_private() -> None:
    """After the call there is no room for a core, hard limit too, and the process cannot be dumped."""
    assert told("keep_memory_private()") == "(0, 0) 0"
    assert told("pass").endswith(" 1")
