"""Exports for tests of column maps: the sample of each preset, what trips need beside it, and what is made of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agents.files import ReadCount, open_source, read_candidates
from agents.files.candidates import Candidate
from agents.files.maps import ColumnMap, read_map
from agents.publish.event_checks import Bad, Checker, Good

EXPORTS: Final = Path(__file__).parent / "exports"
SAMPLES: Final = {
    "amazon": "amazon.txt",
    "amazon-shipments": "amazon-shipments.txt",
    "shipstation": "shipstation.csv",
    "shopify": "shopify.csv",
    "woocommerce": "woocommerce.csv",
}
"""Preset -> an export of it; the persons are made up."""

TRIP: Final = (
    "conveyance=air:AF0066:2025-08-20", "manifested_at=2025-08-19T21:04:00Z", "mode=air", "bill_prefix=ACME",
    "shipper_name=Example Works", "shipper_country=JP", "hts=9503.00.0073", "origin=JP",
)  # fmt: skip
NOW_MS: Final = 1_755_700_000_000


def candidates(path: Path, column_map: ColumnMap) -> Iterator[Candidate]:
    """Return what an export states."""
    with open_source(str(path)) as source:
        yield from read_candidates(path.name, "csv", source, ReadCount(), column_map=column_map)


def examined(path: Path, column_map: ColumnMap) -> list[Good | Bad]:
    """Return what the checks of `publish` say of an export."""
    return list(Checker(NOW_MS).examine(candidates(path, column_map)))


def said(path: Path, column_map: ColumnMap) -> list[str]:
    """Return the lines that `publish` prints about an export."""
    found = [mistake for each in examined(path, column_map) if isinstance(each, Bad) for mistake in each.mistakes]
    return [mistake.text(path.name) for mistake in found]


def preset(name: str, *settings: str) -> ColumnMap:
    """Return a preset with what a trip needs."""
    return read_map(name, (*TRIP, *settings))


def spoilt(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    """Return a copy of a sample in which each text is replaced once."""
    text = (EXPORTS / SAMPLES[name]).read_text("utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / SAMPLES[name]
    path.write_text(text, "utf-8")
    return path
