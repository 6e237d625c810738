"""Judge a file: events as lines or rows in; decisions, alerts and dead letters as lines out."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import msgspec

from agents.files import FileError
from agents.files.candidates import Candidate
from agents.files.maps import ColumnMap
from agents.files.mistakes import Mistake, place_words
from agents.judge.feeding import feed
from agents.judge.judge_summary import Summary
from agents.judge.offline_judge import JudgeOptions, open_judge
from stream.records import Fate, Outgoing, Sink

_encode: Final = msgspec.json.encode


class Outputs(NamedTuple):
    """Where the lines go; what has no file is only counted."""

    decisions: BinaryIO
    dead_letters: BinaryIO | None = None
    alerts: BinaryIO | None = None


def judge_file(name: str, options: JudgeOptions, outputs: Outputs, column_map: ColumnMap | None = None) -> Summary:
    """Judge the events in a file (`-`: standard input), in its order; a `column_map` reads an export as CSV.

    Raise FileError, and what `open_judge` raises before anything is read.
    """
    summary = Summary()
    writer = _Writer(outputs, summary)
    push = open_judge(options, writer.emit).push
    for number, value, candidate in feed(name, column_map):
        if value:
            writer.candidate = candidate
            summary.add_event(*push(value, number))
        elif candidate is not None:
            mistake = candidate.mistakes[0]
            summary.add_event(Fate.DEAD_LETTERED, mistake.code)
            writer.refuse(mistake)
    return summary


@contextmanager
def open_outputs(decisions: BinaryIO, dead_letters: Path | None, alerts: Path | None) -> Iterator[Outputs]:
    """Open the files that were asked for; raise FileError, also when one cannot be written to the end."""
    with ExitStack() as stack:

        def opened(path: Path | None) -> BinaryIO | None:
            return None if path is None else stack.enter_context(path.open("wb"))

        try:
            outputs = Outputs(decisions, opened(dead_letters), opened(alerts))
            yield outputs
            decisions.flush()
        except BrokenPipeError:
            raise  # the reader of standard output has gone, which is no fault of a file
        except OSError as error:
            raise FileError(f"{error.filename or 'cannot write'}: {error.strerror}") from None


class _Writer:
    """Writes what a judge sends, and counts it."""

    def __init__(self, outputs: Outputs, summary: Summary) -> None:
        self._write = outputs.decisions.write
        self._dead_letters, self._alerts = outputs.dead_letters, outputs.alerts
        self._summary = summary
        self.candidate: Candidate | None = None
        """The rows that are being judged; None: each event is a line."""

    def emit(self, outgoing: Outgoing) -> None:
        """Write a decision, an alert or a dead letter, if there is a file for it."""
        value = outgoing.value or b""
        if outgoing.sink is Sink.DECISIONS:
            self._summary.add_decision(value)
            self._write(value)
            self._write(b"\n")
        elif outgoing.sink is Sink.ALERTS:
            self._summary.add_alert(value)
            if self._alerts is not None:
                self._alerts.write(value + b"\n")
        elif outgoing.sink is Sink.DEAD_LETTERS and self._dead_letters is not None:
            self._dead_letters.write(dead_letter_line(outgoing, self.candidate))

    def refuse(self, mistake: Mistake) -> None:
        """Write why rows are no event."""
        if self._dead_letters is not None:
            self._dead_letters.write(_refusal(mistake.code, mistake.place, mistake.expected, mistake.line))


def dead_letter_line(outgoing: Outgoing, candidate: Candidate | None = None) -> bytes:
    """Say why a record is a dead letter, and its line from 1; nothing of the event is quoted."""
    headers = dict(outgoing.headers)
    error, detail, offset = (headers[name].decode() for name in ("x-error", "x-detail", "x-offset"))
    if candidate is None:
        return _encode({"error": error, "detail": detail, "line": int(offset) + 1}) + b"\n"
    path, _, expected = detail.partition(": ")
    place = candidate.find(path)
    return _refusal(error, place_words(place.field, place.origin), expected or detail, place.line)


def _refusal(error: str, column: str, expected: str, line: int) -> bytes:
    detail = f"{column}: {expected}" if column else expected
    return _encode({"error": error, "detail": detail, "line": line}) + b"\n"
