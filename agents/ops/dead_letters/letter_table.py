"""Dead letters as a table for a terminal and as JSON lines for a program; neither holds anything that a record says."""

from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from agents.ops.dead_letters.letter import Letter, LetterPlace
from agents.ops.dead_letters.listing import Listing
from stream.instants import from_micros, rfc3339

COLUMNS = ("dlq", "when (UTC)", "code", "detail", "from", "key", "bytes", "retry")


def json_line(listing: Listing, letter: Letter) -> bytes:
    """Return a letter as a line of JSON, without its line feed."""
    row = {
        "partition": letter.place.partition,
        "offset": letter.place.offset,
        "when": when(letter),
        "error": letter.error,
        "detail": letter.detail,
        "source": letter.source._asdict() if letter.source else None,
        "conveyance": letter.conveyance,
        "key_bytes": letter.key_bytes,
        "size": letter.size,
        "retried": listing.retried(letter),
        "retried_from": text(letter.retried_from),
        "failed_again": text(listing.failed_again(letter)),
    }
    return msgspec.json.encode(row)


def table(listing: Listing) -> Table:
    """Return the letters as a table."""
    made = Table(*COLUMNS, box=None, pad_edge=False, header_style="bold")
    for letter in listing.letters():
        # As text, never as markup: paths have brackets.
        made.add_row(*(Text(cell, overflow="fold") for cell in cells(listing, letter)))
    return made


def cells(listing: Listing, letter: Letter) -> tuple[str, ...]:
    """Return the cells of a row."""
    source = f"{letter.source.topic} {letter.source.partition}:{letter.source.offset}" if letter.source else ""
    key = letter.conveyance or ("none" if letter.key_bytes is None else f"{letter.key_bytes} bytes")
    seconds = when(letter)[:19].replace("T", " ")
    retry = story(listing, letter)
    return (str(letter.place), seconds, letter.error, letter.detail, source, key, f"{letter.size:,}", retry)


def story(listing: Listing, letter: Letter) -> str:
    """Say what came of a letter in a few words."""
    words = [f"retry of {letter.retried_from}"] if letter.retried_from else []
    if failed := listing.failed_again(letter):
        words.append(f"failed again as {failed}")
    elif (retried := listing.retried(letter)) is None:
        words.append("retried or not: not known")
    elif retried:
        words.append("retried")
    return ", ".join(words)


def when(letter: Letter) -> str:
    """Return the instant of a letter in UTC."""
    return rfc3339(from_micros(letter.millis * 1000))


def text(place: LetterPlace | None) -> str | None:
    """Return a place as it is written, if there is one."""
    return None if place is None else str(place)


def summary(listing: Listing) -> list[str]:
    """Say how many letters there are, all and by code."""
    counted = list(listing.summary())
    total, shown = sum(count for _, count, _ in counted), len(listing.letters())
    head = f"{total:,} dead letter{'' if total == 1 else 's'}"
    if shown < total:
        head += f", the newest {shown:,} shown"
    width = max((len(code) for code, _, _ in counted), default=0)
    lines = [
        f"  {code:<{width}}  {count:>9,}" + (f"  {retried:,} retried" if retried else "")
        for code, count, retried in counted
    ]
    return [head, *lines]


def plural(counts: Any) -> str:
    """Return counts by name, most frequent first: `wrong-shape 3, not-json 1`."""
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common())
