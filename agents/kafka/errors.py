"""How the engine ends, by whose fault it is: refused (ours to configure), fenced (another has the work), or else."""

from typing import Final

EXIT_REFUSED: Final = 78
"""Exit status of a worker that must not run as configured (EX_CONFIG): starting it again cannot help."""
EXIT_RETRY: Final = 75
"""Exit status of a worker that lost its partitions or its connection (EX_TEMPFAIL): starting it again helps."""


class EngineError(Exception):
    """The engine cannot go on in this process."""

    status = EXIT_RETRY


class RefusedError(EngineError):
    """The worker must not run like this: the message says what is wrong, where, and what to run."""

    status = EXIT_REFUSED


class FencedError(EngineError):
    """The group has given this worker's partitions to others: what it still holds must not be committed."""


class BrokenLaneError(EngineError):
    """Records of a partition are missing between two chunks: Faust dropped one."""


class UnknownOutcomeError(EngineError):
    """A transaction may or may not have been committed: the tables in memory are not to be trusted."""
