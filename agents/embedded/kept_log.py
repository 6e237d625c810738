"""The logs of the embedded broker as files: the batches of each partition as they are, and how far they are whole.

`ends.json` is replaced last, so the files are always those of one moment: what was appended after it is cut off.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from agents.embedded.batches import LogBatch, batches_in
from agents.embedded.embedded_broker import PARTITION_BATCHES_MAX, PARTITION_BYTES_MAX
from agents.embedded.embedded_errors import EmbeddedError
from agents.embedded.messages import BrokerReport

ENDS: Final = "ends.json"


class KeptLogError(EmbeddedError):
    """The files cannot be used."""

    status = 78


class Place(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int

    def __str__(self) -> str:
        """Return its name for people."""
        return f"{self.topic}/{self.partition}"

    @property
    def name(self) -> str:
        """Name of its file."""
        return f"{self.topic}-{self.partition}.log"


class End(msgspec.Struct, frozen=True):
    """How far a partition is kept."""

    offset: int = 0
    """Offset after the last record."""
    size: int = 0
    """Bytes of the file."""
    batches: int = 0


class KeptLog:
    """The files in a folder."""

    def __init__(self, folder: Path) -> None:
        """Open the folder, or make it. Raise KeptLogError."""
        self._folder = folder
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            found = (folder / ENDS).read_bytes() if (folder / ENDS).exists() else b"{}"
            self._ends = msgspec.json.decode(found, type=dict[str, End])
        except (OSError, msgspec.MsgspecError) as error:
            raise KeptLogError(f"{folder / ENDS} cannot be used ({error}); start again with --reset") from None
        self._new: dict[Place, End] = {}

    def end(self, place: Place) -> End:
        """Return how far a partition is kept, with what was appended."""
        return self._new.get(place) or self._ends.get(place.name, End())

    def per_cent_full(self) -> BrokerReport:
        """Return which partition is the fullest, by bytes or batches, and how full the broker is with it."""
        shares = (
            (max(end.size / PARTITION_BYTES_MAX, end.batches / PARTITION_BATCHES_MAX), name)
            for name, end in self._ends.items()
        )
        share, name = max(shares, default=(0.0, ""))
        return BrokerReport(per_cent=int(share * 100), fullest=name.removesuffix(".log"))

    def read(self, place: Place) -> Iterator[LogBatch]:
        """Yield the batches of a partition. Raise KeptLogError where they are not those that were kept."""
        end = self.end(place)
        path = self._folder / place.name
        data = path.read_bytes()[: end.size] if end.size and path.exists() else b""
        offset = size = 0
        for batch in batches_in(data):
            if batch.base != offset:
                break
            offset, size = batch.end, size + len(batch.raw)
            yield batch
        if (offset, size) != (end.offset, end.size):
            raise KeptLogError(f"{path} is damaged after offset {offset}; start again with --reset")

    def append(self, place: Place, batches: Sequence[LogBatch]) -> None:
        """Append batches that follow the end; they count only after `keep`."""
        end = self.end(place)
        with (self._folder / place.name).open("ab") as file:
            file.truncate(end.size)
            file.writelines(batch.raw for batch in batches)
            file.flush()
            os.fsync(file.fileno())
        size = end.size + sum(len(batch.raw) for batch in batches)
        self._new[place] = End(batches[-1].end, size, end.batches + len(batches))

    def keep(self) -> None:
        """Make what was appended count, all of it at once."""
        if not self._new:
            return
        ends = {**self._ends, **{place.name: end for place, end in self._new.items()}}
        fresh = self._folder / f".{ENDS}"
        with fresh.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(ends), indent=1))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._folder / ENDS)
        self._ends, self._new = ends, {}
