"""The form of a file: JSON lines, CSV, or something similar, which is refused with the command that converts it."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, NamedTuple

from agents.files.opening import STDIN, FileError

Form = Literal["auto", "jsonl", "csv"]
ENDINGS: Final[dict[str, Form]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".json": "jsonl",
    ".ndjson": "jsonl",
}
SEPARATORS: Final = ",;\t"
"""Spreadsheets of many countries write the second; the header tells which."""

UTF8_MARK: Final = b"\xef\xbb\xbf"
BLANK: Final = " \t\r\n,;\"'"

_MARKS: Final = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
_ZEROS: Final = {
    (False, True, True, True): "UTF-32LE",
    (True, True, True, False): "UTF-32BE",
    (False, True, False, True): "UTF-16LE",
    (True, False, True, False): "UTF-16BE",
}
"""Which of the first four bytes are zero, since the beginning of a file is ASCII."""

_PACKED: Final = {
    b"PK\x03\x04": ("a zip archive", "funzip"),
    b"BZh": ("packed by bzip2", "bzip2 -dc"),
    b"\xfd7zXZ\x00": ("packed by xz", "xz -dc"),
    b"\x28\xb5\x2f\xfd": ("packed by zstd", "zstd -dc"),
}
_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NEW_WORKBOOK: Final = b"[Content_Types].xml"


class _Misfit(NamedTuple):
    """What a file is instead, and the filter that converts it; without a filter the text says all."""

    words: str
    filter: str = ""
    ending: str | None = None
    """Ending of the new file; None: unchanged; empty: the last one is removed."""


def form_of(name: str, head: bytes) -> Form:
    """Return the form by the name's ending, else by the file's first line."""
    suffixes = [suffix.lower() for suffix in Path(name).suffixes if suffix.lower() != ".gz"]
    if suffixes and suffixes[-1] in ENDINGS:
        return ENDINGS[suffixes[-1]]
    lines = _text(head).split("\n")
    begun = next((line.strip() for line in lines if line.strip()), "")
    if begun[:1] in {"{", "["}:
        return "jsonl"
    # A first line that is cut off does not turn the events below it into CSV.
    is_lines = not has_column(begun) and any(line.startswith('{"') for line in lines)
    return "jsonl" if is_lines else "csv"


def has_column(line: str) -> bool:
    """Whether a line is a header: it names the column that every event needs."""
    return any(
        name.strip().strip('"').lower() == "conveyance" for separator in SEPARATORS for name in line.split(separator)
    )


def refuse_misfit(name: str, form: Form, head: bytes, is_header: Callable[[str], bool] = has_column) -> None:
    """Raise FileError if a file has neither form; the message says what it is, and how to convert it."""
    misfit = _packed(head) or _encoding(head)
    if misfit is None and head.strip():
        misfit = _other_lines(head, form) or (_no_lines(head) if form == "jsonl" else _no_header(head, is_header))
    if misfit is not None:
        raise FileError(f"{name}: {misfit.words}{_remedy(name, misfit)}")


def _remedy(name: str, misfit: _Misfit) -> str:
    if not misfit.filter:
        return ""
    if name == STDIN:
        return f": pass it through {misfit.filter}"
    path = Path(name)
    plain = Path(path.name.removesuffix(".gz"))
    new = plain.stem if misfit.ending == "" else f"{plain.stem}.mended{misfit.ending or plain.suffix}"
    old, mended = shlex.quote(name), shlex.quote(str(path.with_name(new)))
    if path.name == plain.name:
        return f": {misfit.filter} < {old} > {mended}"
    return f": gzip -dc < {old} | {misfit.filter} > {mended}"


def _packed(head: bytes) -> _Misfit | None:
    if head.startswith(_OLD_WORKBOOK) or (head.startswith(b"PK") and _NEW_WORKBOOK in head):
        return _Misfit("it is a workbook: save it in the spreadsheet as CSV UTF-8 (File, Save As), and name that file")
    found = next((packed for magic, packed in _PACKED.items() if head.startswith(magic)), None)
    return None if found is None else _Misfit(f"it is {found[0]}, unpack it first", found[1], "")


def _encoding(head: bytes) -> _Misfit | None:
    found = next((encoding for mark, encoding in _MARKS.items() if head.startswith(mark)), None)
    found = found or _ZEROS.get(tuple(byte == 0 for byte in head[:4]))  # type: ignore[arg-type]
    return None if found is None else _Misfit(f"it is {found}, expected UTF-8", f"iconv -f {found} -t UTF-8")


def _other_lines(head: bytes, form: Form) -> _Misfit | None:
    first, _, _ = head.partition(b"\n")
    if b"\r" not in first.strip() or (form == "jsonl" and _ends_of_json(first.decode(errors="ignore")) == len(first)):
        return None
    return _Misfit("its lines end with CR alone, expected LF or CRLF", "tr '\\r' '\\n'")


def _no_lines(head: bytes) -> _Misfit | None:
    """Return what JSON is if it does not have one event a line; None: it has."""
    text = _text(head).lstrip()
    if text.startswith("[") and text[1:].lstrip()[:1] in {"{", "]", ""}:
        return _Misfit("it is a JSON array, expected one event a line", "jq -c '.[]'", ".jsonl")
    first = text.partition("\n")[0].strip()
    end = _ends_of_json(text)
    if (first == "{" and text[1:].lstrip().startswith('"')) or (text.startswith("{") and end > len(first)):
        return _Misfit("it is JSON with an event on several lines, expected one event a line", "jq -c .", ".jsonl")
    if end and text.startswith("{") and first[end:].lstrip().startswith("{"):
        return _Misfit("it is JSON with several events on a line, expected one event a line", "jq -c .", ".jsonl")
    return None


def _no_header(head: bytes, is_header: Callable[[str], bool]) -> _Misfit | None:
    """Return what a spreadsheet with lines above the header is; None: there are none."""
    lines = _text(head).split("\n")
    if is_header(lines[0]):
        return None
    header = next((number for number, line in enumerate(lines) if is_header(line)), 0)
    if lines[0].strip().lower().startswith("sep="):
        return _Misfit(
            "its first line is a note to a spreadsheet, expected the header", f"tail -n +{(header or 1) + 1}"
        )
    if not lines[0].strip(BLANK):
        header = header or next(number for number, line in enumerate([*lines, "x"]) if line.strip(BLANK))
        return _Misfit("its first line is blank, expected the header", f"tail -n +{header + 1}")
    if header:
        return _Misfit(f"its header is in line {header + 1}, expected it first", f"tail -n +{header + 1}")
    return None


def _ends_of_json(text: str) -> int:
    """Where the first JSON text ends; 0: there is none, or not all of it."""
    try:
        return json.JSONDecoder().raw_decode(text)[1]
    except (ValueError, RecursionError):
        return 0


def _text(head: bytes) -> str:
    return head.removeprefix(UTF8_MARK).decode(errors="ignore").replace("\r\n", "\n")
