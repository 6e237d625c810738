"""What a process does so that the secrets in its memory stay there."""

import ctypes
import resource
import sys
from typing import Final

PR_SET_DUMPABLE: Final = 4


def keep_memory_private() -> None:
    """Leave no core when this process crashes, and on Linux let no other process of the same user look into it.

    The limit alone is not enough: a core that goes to a program, such as systemd's collector, knows no limit.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
