"""The interface of a step for the three runners: the Faust engine, the offline judge and the simulator."""

from collections.abc import Mapping
from typing import Protocol

from state.table import Overlay
from stream.records import Fate, Record, Result


class StepRefusedError(Exception):
    """A step must not judge a record with its settings; the record is sound. The message says what to change."""


class Step(Protocol):
    """A pure function over a table, with a name."""

    name: str
    """`manifest` or `withholding`; its group, changelog and metrics have this name."""

    fingerprint: str
    """Hash of what its tables depend on (secret, match, canonical form, policy); tables with another are refused."""

    reads: tuple[str, ...]
    """Fingerprints of former versions whose rows this version reads too, so that it can use their tables."""

    programmes: Mapping[str, str]
    """Fingerprint of the structure of each enabled programme, by programme; see `state.structures`."""

    fates: tuple[tuple[Fate, str], ...]
    """Every fate that a record can meet here, with its code; a worker shows each as 0 from the start."""

    def __call__(self, record: Record, table: Overlay) -> Result:
        """Judge one record. The outputs must be drained before the next call."""

    def sweep(self, table: Overlay, budget: int) -> int:
        """Remove up to `budget` groups' worth of expired rows. Return how many rows were removed.

        It is called once per transaction. Whether a row is already swept never changes a decision.
        """
