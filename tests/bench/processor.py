"""Processor time of other processes, from `/proc`."""

import os
from collections.abc import Mapping
from pathlib import Path
from time import monotonic

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


class Shares:
    """Shares of a core that processes use from one moment to another."""

    def __init__(self, processes: Mapping[str, int]) -> None:
        """Begin now; `processes` are their ids by name."""
        self._processes = processes
        self._begun = monotonic()
        self._used = {name: processor_seconds(pid) for name, pid in processes.items()}

    def end(self) -> dict[str, float]:
        """Return the share of a core that each has used since, 1 being a whole core."""
        elapsed = monotonic() - self._begun
        return {name: (processor_seconds(pid) - self._used[name]) / elapsed for name, pid in self._processes.items()}
