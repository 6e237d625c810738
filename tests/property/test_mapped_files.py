"""Exports that are spoilt: whatever bytes they hold, a map refuses or reads them, and no part of an order goes out."""

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.files.opening import FileError
from agents.publish.event_checks import Bad, Good
from tests.unit.files.mapping import EXPORTS, SAMPLES, examined, preset, said

MAPS = {name: preset(name) for name in SAMPLES}
TEXTS = {name: (EXPORTS / file).read_bytes() for name, file in SAMPLES.items()}
MEANT = {name: (EXPORTS / f"{name}.jsonl").read_bytes().splitlines() for name in SAMPLES}
DAMAGE = (b",", b"\t", b"\n", b"\r", b'"', b"\xff", b"\0", b";", b'""', b"\n\n", b"\xef\xbb\xbf")
names = st.sampled_from(sorted(SAMPLES))


def read(name: str, text: bytes) -> list[Good | Bad] | None:
    """Read bytes with a preset; None: the whole file is refused."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_bytes(text)
        try:
            return examined(path, MAPS[name])
        except FileError:
            return None


def sent(found: list[Good | Bad]) -> list[Good]:
    """Return what `--skip-bad` sends: bills of which no row is wrong."""
    unwhole = frozenset[str]().union(*(each.bills for each in found if isinstance(each, Bad)))
    return [each for each in found if isinstance(each, Good) and each.bill not in unwhole]


def goods(value: bytes) -> tuple[str, int]:
    """Return a bill and how many lines of goods it has."""
    data = msgspec.json.decode(value)["data"]
    return data["bill"], len(data["lines"])


@given(names, st.binary(max_size=400), st.integers(0, 3))
def test_any_bytes_are_read_or_refused(name: str, junk: bytes, place: int) -> None:
    """Bytes of any kind, alone or between the lines of an export, end in events or mistakes, never in a traceback."""
    lines = TEXTS[name].splitlines(keepends=True)
    for text in (junk, b"".join([*lines[:place], junk, *lines[place:]])):
        found = read(name, text)
        assert found is None or all(isinstance(each, Good | Bad) for each in found)


@given(names, st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(DAMAGE), st.booleans()), max_size=3))
def test_no_part_of_an_order_is_sent(name: str, damages: list[tuple[int, bytes, bool]]) -> None:
    """Separators, line ends and quotation marks too many or too few hold back every order that may be incomplete."""
    header, _, rows = TEXTS[name].partition(b"\n")
    for place, damage, lost in damages:
        at = place % len(rows)
        # A line end within quotation marks is part of a text, and no damage.
        if lost and rows[at : at + 1] in {b",", b"\t", b'"'}:
            rows = rows[:at] + rows[at + 1 :]
        elif rows[:at].count(b'"') % 2 == 0 or name.startswith("amazon"):
            rows = rows[:at] + damage + rows[at:]
    found = read(name, header + b"\n" + rows)
    meant = dict(map(goods, MEANT[name]))
    for bill, lines in (goods(each.value) for each in sent(found or [])):
        assert meant.get(bill, lines) == lines


@pytest.mark.parametrize("name", SAMPLES)
def test_the_law_can_be_broken(name: str) -> None:
    """Without the rule about neighbours a row cut in two within its order's number would send half an order."""
    header, first, *rest = TEXTS[name].splitlines(keepends=True)
    half = read(name, b"".join([header, *rest])) if name in {"amazon", "woocommerce", "shipstation"} else None
    meant = dict(map(goods, MEANT[name]))
    assert half is None or any(meant[bill] != lines for bill, lines in (goods(each.value) for each in sent(half)))
    cut = read(name, header + first[:5] + b"\n" + first[5:] + b"".join(rest))
    assert cut is None or all(meant.get(bill) == lines for bill, lines in (goods(each.value) for each in sent(cut)))


CANARIES = ("Zyxwvut", "Quonkstrasse", "Vlorbingen")


@given(names, st.sampled_from(["name", "street", "city"]), st.integers(1, 9_000), st.sampled_from(DAMAGE))
def test_no_message_names_a_person(name: str, where: str, place: int, damage: bytes) -> None:
    """However an export is spoilt, its mistakes quote no name, street or city of a person."""
    old = {"name": msgspec.json.decode(MEANT[name][0])["data"]["consignee"]}
    consignee = old["name"]
    texts = {
        "name": consignee["name"],
        "street": consignee["address"]["lines"][0],
        "city": consignee["address"]["city"],
    }
    canary = CANARIES[list(texts).index(where)]
    text = TEXTS[name]
    for part in texts[where].split():
        text = text.replace(part.encode(), canary.encode())
    at = place % len(text)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_bytes(text[:at] + damage + text[at:])
        try:
            lines = said(path, MAPS[name])
        except FileError as error:
            lines = [str(error)]
    assert not any(each.lower() in line.lower() for each in CANARIES for line in lines)
