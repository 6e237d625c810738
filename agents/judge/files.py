"""Judge a file: events as lines in; decisions, alerts and dead letters as lines out."""

import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, cast

import msgspec

from agents.judge.judging import Options, open_judge
from agents.judge.progress import no_progress, progress_bar
from agents.judge.summary import Summary
from stream.records import Outgoing, Sink
from stream.topics import RECORD_BYTES_MAX

STDIN: Final = "-"
LINE_BYTES_MAX: Final = RECORD_BYTES_MAX + 2
"""Of a longer line only this much is kept, enough to be refused as too large: memory stays bounded."""

BUFFER_BYTES: Final = 1 << 20
LINES_A_REPORT: Final = 2000
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

_encode: Final = msgspec.json.encode


class FileError(Exception):
    """A file cannot be read or written; the message names it and says why."""


class Outputs(NamedTuple):
    """Where the lines go; what has no place is only counted."""

    decisions: BinaryIO
    dead_letters: BinaryIO | None = None
    alerts: BinaryIO | None = None


class Source(NamedTuple):
    """An open file of events."""

    lines: BinaryIO
    position: Callable[[], int]
    """Bytes read so far."""
    size: int | None
    """Bytes in all, where the end is known."""


def judge_file(name: str, options: Options, outputs: Outputs) -> Summary:
    """Judge the events in a file (`-`: standard input), in its order.

    Raises FileError, and what `open_judge` raises before anything is read.
    """
    summary = Summary()
    push = open_judge(options, _emitter(outputs, summary)).push
    bar = progress_bar if sys.stderr.isatty() else no_progress
    with open_source(name) as source, bar(source.size) as progress:
        for number, value in read_events(source.lines, name):
            summary.add_event(*push(value, number))
            if number % LINES_A_REPORT == 0:
                progress(source.position(), number)
    return summary


def read_events(lines: BinaryIO, name: str) -> Iterator[tuple[int, bytes]]:
    """Give each line with its number from 0; blank lines are counted and left out. Raises FileError."""
    for number in count():
        try:
            line = _read_line(lines)
        except (OSError, EOFError, zlib.error) as error:
            raise FileError(f"{name}: {_reason(error)}") from None
        if not line:
            return
        value = line.strip() if len(line) < LINE_BYTES_MAX else line
        if number == 0:
            value = value.removeprefix(BYTE_ORDER_MARK)
        if value:
            yield number, value


def _read_line(lines: BinaryIO) -> bytes:
    line = lines.readline(LINE_BYTES_MAX)
    if len(line) == LINE_BYTES_MAX:
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = lines.readline(BUFFER_BYTES)
    return line


@contextmanager
def open_source(name: str) -> Iterator[Source]:
    """Open a file of events, packed if its name ends in .gz; raises FileError."""
    if name == STDIN:
        yield Source(sys.stdin.buffer, lambda: 0, None)
        return
    with ExitStack() as stack:
        try:
            path = Path(name)
            raw = stack.enter_context(path.open("rb", BUFFER_BYTES))
            size = path.stat().st_size
        except OSError as error:
            raise FileError(f"{name}: {_reason(error)}") from None
        lines = stack.enter_context(gzip.open(raw)) if path.suffix == ".gz" else raw
        yield Source(cast("BinaryIO", lines), raw.tell, size)


@contextmanager
def open_outputs(decisions: BinaryIO, dead_letters: Path | None, alerts: Path | None) -> Iterator[Outputs]:
    """Open the files that were asked for; raises FileError, also when one cannot be written to the end."""
    with ExitStack() as stack:

        def opened(path: Path | None) -> BinaryIO | None:
            return None if path is None else stack.enter_context(path.open("wb"))

        try:
            outputs = Outputs(decisions, opened(dead_letters), opened(alerts))
            yield outputs
            decisions.flush()
        except OSError as error:
            raise FileError(f"{error.filename or 'cannot write'}: {_reason(error)}") from None


def _emitter(outputs: Outputs, summary: Summary) -> Callable[[Outgoing], None]:
    write, dead_letters, alerts = outputs.decisions.write, outputs.dead_letters, outputs.alerts
    add_decision, decisions, alert = summary.add_decision, Sink.DECISIONS, Sink.ALERTS

    def emit(outgoing: Outgoing) -> None:
        value = outgoing.value or b""
        if outgoing.sink is decisions:
            add_decision(value)
            write(value)
            write(b"\n")
        elif outgoing.sink is alert:
            summary.add_alert(value)
            if alerts is not None:
                alerts.write(value + b"\n")
        elif dead_letters is not None:
            dead_letters.write(dead_letter_line(outgoing))

    return emit


def dead_letter_line(outgoing: Outgoing) -> bytes:
    """Say of a dead letter why it is one and on which line it stood, from 1; nothing of the event is repeated."""
    headers = dict(outgoing.headers)
    error, detail, offset = (headers[name].decode() for name in ("x-error", "x-detail", "x-offset"))
    return _encode({"error": error, "detail": detail, "line": int(offset) + 1}) + b"\n"


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error)
