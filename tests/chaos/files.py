"""Spoilt files: `python -m tests.chaos --files SEEDS`; whatever is done to a file, only what was meant goes out.

The law: what `publish --skip-bad` sends is exactly the bills of which every row is right, each as the file that was
meant has it; what it does not send is counted and named; and no bill is held back that the damage has not touched.
"""

import csv
import io
import json
import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from agents.files import FileError, form_of, twice_readable
from agents.judge import JudgeOptions, open_judge
from agents.observability.progress_bar import no_progress
from agents.publish.event_checks import Good
from agents.publish.publish_file import PublishJob, Sift, check, whole
from stream.records import Outgoing, Sink

NOW_MS = 1_755_700_000_000
NUMBER = re.compile(r"(?<![A-Za-z0-9])[A-Z0-9]{4,35}(?![A-Za-z0-9])")
COLUMNS = (
    "event line version conveyance bill manifested_at time mode filing order consignee_name consignee_address "
    "consignee_postal consignee_country shipper_name shipper_country description hts origin line_quantity value "
    "arrived_at port"
).split()
ENDS = (b"\n", b"\r\n")


class Line(NamedTuple):
    """A row, or a JSON line, as it was meant."""

    text: bytes
    bill: str | None
    """Whose it is; None: a conveyance's."""


class Spoilt(NamedTuple):
    """A file after the damage."""

    text: bytes
    doubtful: set[str]
    """Bills that may be held back for it."""
    lost: set[str]
    """Bills with a row whose consignee can no longer be told; they may be sent without it."""


def rows_meant(chance: random.Random) -> list[Line]:
    """Make rows of bills of one to three goods, of later versions, exits and arrivals."""
    lines = []
    for number in range(chance.randint(2, 9)):
        bill, trip = f"FUZZ{chance.randrange(10):02}{number:03}", f"air:T{chance.randrange(2)}"
        whole_bill = {
            "event": "manifested", "version": "1", "conveyance": trip, "bill": bill, "mode": "air",
            "manifested_at": "2025-08-19T21:04:00Z", "filing": "manifest", "order": chance.choice(["", f"S-{number}"]),
            "consignee_name": chance.choice(["Zoe Quill", "Renée Núñez"]), "consignee_postal": "62701",
            "consignee_address": chance.choice(["9 Elm Row", "9 Elm Row, Back", "9 Elm Row\nBack, 2", '9 "Elm" Row']),
            "consignee_country": "US", "shipper_name": "Works", "shipper_country": "FR",
        }  # fmt: skip
        goods = [_goods(chance, place) for place in range(1, chance.choice([1, 1, 2, 3]) + 1)]
        repeated = chance.random() < 0.5
        lines += [_row({**(whole_bill if not place or repeated else {}), **each}, bill)
                  for place, each in enumerate(goods)]  # fmt: skip
        if chance.random() < 0.2:
            lines.append(_row({**whole_bill, **_goods(chance, 1), "event": "amended", "version": "2"}, bill))
        if chance.random() < 0.2:
            exit_cells = {"event": "deleted", "version": "3", "conveyance": trip, "bill": bill}
            lines.append(_row({**exit_cells, "time": "2025-08-20T08:00:00Z"}, bill))
        if chance.random() < 0.3:
            landed = {
                "event": "arrived",
                "conveyance": trip,
                "arrived_at": f"2025-08-20T1{number}:00:00Z",
                "port": "4701",
            }
            lines.append(_row(landed, None))
    return lines


def _goods(chance: random.Random, place: int) -> dict[str, str]:
    return {
        "line": str(place), "description": chance.choice(["toy", "café set", "lamp, blue"]), "hts": "9503.00",
        "origin": "FR", "line_quantity": "1", "value": f"{chance.randrange(1, 900)}.{chance.randrange(100):02}",
    }  # fmt: skip


def _row(cells: dict[str, str], bill: str | None) -> Line:
    text = io.StringIO()
    csv.DictWriter(text, COLUMNS, lineterminator="").writerow(cells)
    return Line(text.getvalue().encode(), bill)


def numbers_in(text: bytes) -> set[str]:
    """Return what in a text may be a bill's number."""
    return set(NUMBER.findall(text.decode(errors="replace")))


def outside(text: bytes) -> list[int]:
    """Return the places outside of quotation marks: within them a line end, or a separator, is part of the text."""
    marks = [0, *accumulate(byte == ord('"') for byte in text)]
    return [place for place, count in enumerate(marks) if count % 2 == 0]


def cut(chance: random.Random, lines: list[bytes], at: int) -> None:
    """Leave out the end of a row, its last separator too: of a text that is shorter in the last cell nothing tells."""
    least = max(1, min(len(lines[at].rstrip(b",")) - 1, lines[at].rfind(b",")))
    lines[at] = lines[at][: chance.randrange(1, least)] if least > 1 else b"x"


def join(_chance: random.Random, lines: list[bytes], at: int) -> None:
    """Lose the line end between two rows."""
    if at + 1 < len(lines):
        lines[at : at + 2] = [lines[at] + lines[at + 1], b""]


def carriage(_chance: random.Random, lines: list[bytes], at: int) -> None:
    """Leave of a line end the CR alone."""
    if at + 1 < len(lines):
        lines[at : at + 2] = [lines[at] + b"\r" + lines[at + 1], b""]


def repeat(_chance: random.Random, lines: list[bytes], at: int) -> None:
    """Have a row twice."""
    lines[at] += b"\n" + lines[at]


def recode(_chance: random.Random, lines: list[bytes], at: int) -> None:
    """Write a row in another encoding."""
    lines[at] = lines[at].decode(errors="replace").replace("e", "é").encode("latin-1", "replace")


def quote(chance: random.Random, lines: list[bytes], at: int) -> None:
    """Begin a cell with a quotation mark."""
    places = [place for place in outside(lines[at]) if lines[at][place - 1 : place] == b","]
    place = chance.choice([0, *places])
    lines[at] = lines[at][:place] + b'"' + lines[at][place:]


def separate(chance: random.Random, lines: list[bytes], at: int) -> None:
    """Put in a separator."""
    place = chance.choice(outside(lines[at]))
    lines[at] = lines[at][:place] + b"," + lines[at][place:]


def split(chance: random.Random, lines: list[bytes], at: int) -> None:
    """Put in a line end, not within the last cell: the row would end as it should."""
    place = chance.choice([place for place in outside(lines[at]) if place <= lines[at].rfind(b",")] or [0])
    lines[at] = lines[at][:place] + b"\n" + lines[at][place:]


Damage = Callable[[random.Random, list[bytes], int], None]
ROWS: tuple[Damage, ...] = (cut, join, carriage, repeat, recode, quote, separate, split)
LINES: tuple[Damage, ...] = (cut, join, repeat, recode, split)


def spoil(chance: random.Random, meant: list[Line], kinds: tuple[Damage, ...], head: list[bytes]) -> Spoilt:
    """Damage a few rows, and say which bills it touches."""
    lines = [line.text for line in meant]
    doubtful: set[str] = set()
    damaged: set[int] = set()
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(lines))
        before = [line.bill for line in meant[:at] if line.bill]
        doubtful |= {line.bill for line in meant[at : at + 2] if line.bill} | set(before[-1:])
        chance.choice(kinds)(chance, lines, at)
        # Damage on damage: the rows around it are doubtful as well.
        doubtful |= numbers_in(b" ".join(lines[max(0, at - 1) : at + 3]))
        damaged |= {at, at + 1}
    lost = set(_lost(meant, lines, damaged, goods=bool(head)))
    end = chance.choice(ENDS)
    text = end.join([*head, *lines]) + (end if chance.random() < 0.5 else b"")
    return Spoilt(text, doubtful, lost)


def _lost(meant: list[Line], lines: list[bytes], damaged: set[int], *, goods: bool) -> Iterator[str]:
    """Find whose number is no longer in its line, nor, of goods, in the row above."""
    told = None
    for at, line in enumerate(meant):
        text = lines[at] or (lines[at - 1] if at else b"")
        if at not in damaged or line.bill in numbers_in(text):
            told = line.bill
        elif line.bill is not None and (not goods or line.bill != told):
            told = None
            yield line.bill


def events_of(path: Path) -> tuple[list[Good], Sift, set[str]]:
    """Return what goes out of a file, the sums, and what is said of what does not."""
    sift, said = Sift(), set[str]()
    with twice_readable(str(path)) as opener:
        with opener() as source:
            form = form_of(str(path), source.head)
        job = PublishJob("f", opener, form, "/fuzz", NOW_MS)
        report = check(job, no_progress, lambda mistake: said.add(mistake.text("f")))
        going = list(whole(job, no_progress, report, sift, lambda _line, bill: said.add(bill)))
    return going, sift, said


def documents(events: list[Good]) -> dict[str | None, list[dict[str, Any]]]:
    """Sort events by bill; the place in the file does not count, nor does one that says the same again."""
    found: dict[str | None, list[dict[str, Any]]] = {}
    for each in events:
        document = json.loads(each.value)
        document["data"].pop("sequence", None)
        of_bill = found.setdefault(each.bill, [])
        if document not in of_bill:
            of_bill.append(document)
    return found


def verdicts(events: list[bytes]) -> Counter[bytes]:
    """Judge events; what caused a decision is left out, since places differ."""
    found: Counter[bytes] = Counter()

    def take(outgoing: Outgoing) -> None:
        if outgoing.sink is Sink.DECISIONS and outgoing.value:
            found[outgoing.value.partition(b'"cause":')[0]] += 1

    judge = open_judge(JudgeOptions(), take)
    for number, value in enumerate(events):
        judge.push(value, number)
    return found


def break_of_law(meant: Path, spoilt: Path, damage: Spoilt) -> str | None:
    """Return how what goes out of a spoilt file breaks the law; None: it does not."""
    right, _, _ = events_of(meant)
    try:
        going, sift, said = events_of(spoilt)
    except FileError as error:
        return None if "expected" in str(error) else f"no remedy: {error}"
    wanted, sent = documents(right), documents(going)
    for bill, found in sent.items():
        whole_bill = wanted.get(bill, [])
        if any(each not in whole_bill for each in found):
            return f"{bill}: something was sent that was never meant"
        if bill is not None and bill not in damage.lost and found != whole_bill:
            return f"{bill}: only a part was sent"
    kept = wanted.keys() - sent.keys() - {None}
    if kept - damage.doubtful:
        return f"held back untouched: {kept - damage.doubtful}"
    if kept and not said:
        return f"not sent and not said: {kept}"
    if sift.read != sift.sent + sift.held + sift.mistakes or sift.sent != sum(each.rows for each in going):
        return f"the sums do not come out: {sift.sums()}"
    same = [each.value for each in right if each.bill is None or each.bill in sent]
    landed = [[each.value for each in events if each.bill is None] for events in (right, going)]
    if not damage.lost and landed[0] == landed[1] and verdicts([each.value for each in going]) != verdicts(same):
        return "it is judged otherwise than the file that was meant"
    return None


def try_seed(seed: int, folder: Path) -> str | None:
    """Spoil one CSV file and the JSON lines that it means; gives how the law is broken, and by which file."""
    chance = random.Random(seed)
    header = ",".join(COLUMNS).encode()
    meant, spoilt = folder / "meant.csv", folder / "spoilt.csv"
    rows = rows_meant(chance)
    damage = spoil(chance, rows, ROWS, [header])
    meant.write_bytes(b"\n".join([header, *(row.text for row in rows)]) + b"\n")
    spoilt.write_bytes(damage.text)
    if broken := break_of_law(meant, spoilt, damage):
        return f"seed {seed}, CSV: {broken}\n{damage.text!r}"
    lines = [Line(each.value, each.bill) for each in events_of(meant)[0]]
    meant, spoilt = folder / "meant.jsonl", folder / "spoilt.jsonl"
    damage = spoil(chance, lines, LINES, [])
    meant.write_bytes(b"\n".join(line.text for line in lines) + b"\n")
    spoilt.write_bytes(damage.text)
    if broken := break_of_law(meant, spoilt, damage):
        return f"seed {seed}, JSON lines: {broken}\n{damage.text!r}"
    return None


def main(seeds: int, first: int) -> int:
    """Try so many seeds; exit status 1 if one breaks the law."""
    broken = 0
    with tempfile.TemporaryDirectory() as name:
        for seed in range(first, first + seeds):
            if found := try_seed(seed, Path(name)):
                print(found)
                broken += 1
    print(f"{seeds} spoilt files of each form, {broken} break the law")
    return 1 if broken else 0
