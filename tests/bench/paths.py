"""The share of the postings that takes each path through the withholding step."""

from collections import Counter
from collections.abc import Iterable, Iterator

from state.rules.loading import load_rulebook
from state.table import Group, Overlay, Table
from state.withholding import WithholdingStep
from stream.decisions import Policy
from stream.postings import Posting
from stream.records import Record, Result
from tests.bench.loading import Row
from tests.bench.mix import EVENTS_A_JOIN, records_of
from tests.bench.report import Figure

PATHS = ("fast", "plain", "heads", "indexed")


class PathCounter(WithholdingStep):
    """Counts the path of each posting; one that begins with the heads and needs more counts as what it ends with."""

    def __init__(self) -> None:
        super().__init__(load_rulebook(), Policy(), 1, "shipments")
        self.paths = Counter(dict.fromkeys(PATHS, 0))

    def __call__(self, record: Record, table: Overlay) -> Result:
        """Judge a posting record."""
        self._path = "fast"
        result = super().__call__(record, table)
        self.paths[self._path] += 1
        return result

    def _plain(self, record: Record, posting: Posting, group: Group) -> Result:
        self._path = "plain"
        return super()._plain(record, posting, group)

    def _by_heads(self, record: Record, posting: Posting, group: Group) -> Result | None:
        self._path = "heads"
        return super()._by_heads(record, posting, group)

    def _indexed(self, record: Record, posting: Posting, table: Overlay, group: Group, kept: object | None) -> Result:
        self._path = "indexed"
        return super()._indexed(record, posting, table, group, kept)


def paths_of(postings: Iterable[Row]) -> dict[str, int]:
    """Judge posting records in memory; return how many took each path."""
    step, table = PathCounter(), Table()
    overlay = table.overlay()
    for number, record in enumerate(records_of(postings, "postings"), 1):
        for _ in step(record, overlay).outputs:
            pass
        if number % EVENTS_A_JOIN == 0:
            overlay.join()
            overlay = table.overlay()
    return dict(step.paths)


def path_figures(name: str, postings: Iterable[Row]) -> Iterator[Figure]:
    """Yield the share of each path."""
    found = paths_of(postings)
    records = sum(found.values())
    for path, number in found.items():
        yield Figure(f"{name}: {path} path", "% of records", (number / records * 100,), f"{records:,} posting records")
