"""What every step offers to the three runners: the Faust engine, the offline judge and the simulator."""

from typing import Protocol

from state.table import Overlay
from stream.records import Record, Result


class Step(Protocol):
    """A pure function over a table, with a name."""

    name: str
    """`manifest` or `withholding`; names its group, changelog and metrics."""

    fingerprint: str
    """What its tables depend on (secret, match, canonical form, policy); tables of another one are refused."""

    reads: tuple[str, ...]
    """Fingerprints of former versions: their rows this version reads as well, and goes on with their tables."""

    def __call__(self, record: Record, table: Overlay) -> Result:
        """Judge one record; the outputs must be drained before the next call."""

    def sweep(self, table: Overlay, budget: int) -> int:
        """Remove up to `budget` groups' worth of expired rows; returns how many rows went.

        Called once a transaction. Whether a row is already swept never changes a decision.
        """
