"""The paths that read what strangers send, and what a text for each is made of: frames, and pieces that repeat."""

import io
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

import msgspec
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from agents.files import EventFile, ReadCount, read_candidates
from agents.files.assembling import assemble
from agents.files.candidates import read_lines
from agents.files.columns import template
from agents.files.csv_rows import read_rows
from agents.files.maps import read_map
from agents.files.opening import HEAD_BYTES, FileError
from agents.gateway.endpoints.batch_cutting import NoEventError, TooManyEventsError, cut
from agents.gateway.endpoints.binary_mode import whole_event
from agents.gateway.endpoints.session import SignIn, _pairs
from agents.gateway.http.bodies import media_type
from agents.gateway.http.gzip_bodies import NotGzipError, UnpackedTooLargeError, Unpacking
from agents.gateway.http.problems import Problem
from agents.gateway.live.places import decode_places
from agents.gateway.live.scan_socket import Asked
from agents.publish.event_checks import Checker
from agents.publish.event_mending import SAMPLES
from state.rules.loading import rulebook_of, shipped_texts
from state.rules.rule_errors import RulebookError
from state.rules.rule_files import RuleText
from stream.bills import fold_bill
from stream.canonical import identifier_form, name_form, seller_form
from stream.events import Instant
from stream.money import parse_amount
from stream.reading import Reader
from stream.records import PlainRecord

REFUSALS: Final = (
    ValueError, RecursionError, FileError, RulebookError, Problem, TooManyEventsError, NoEventError, NotGzipError,
    UnpackedTooLargeError,
)  # fmt: skip
"""What a path may say to a text that it does not take; anything else ends the search, and is a fault."""
TEXT_MAX: Final = 70
"""Characters of one text of an event; `tests/property/test_hostile_steps.py` holds the types to it."""
LINES_MAX: Final = 6
UNPACKED_MAX: Final = 1_000_000
NOW_MS: Final = 4_102_444_800_000


class Frame(NamedTuple):
    """What stands around pieces that repeat."""

    before: str = ""
    after: str = ""


class Recipe(NamedTuple):
    """A text of any size: a piece, repeated within a frame."""

    frame: Frame
    piece: str

    def text(self, size: int) -> str:
        """Make the text of about so many bytes."""
        room = size - len(self.frame.before.encode()) - len(self.frame.after.encode())
        return self.frame.before + self.piece * max(1, room // len(self.piece.encode())) + self.frame.after


class HostilePath(NamedTuple):
    """One path from outside."""

    name: str
    read: Callable[[str], object]
    frames: tuple[Frame, ...]
    pieces: tuple[str, ...]
    """Beside those that every path is tried with."""
    size: int
    """Bytes at which is measured first; four times as many are about what is let in."""

    def meet(self, text: str) -> None:
        """Let it read a text; a refusal is an answer."""
        with suppress(*REFUSALS):
            self.read(text)


def _request(text: str) -> web.Request:
    return make_mocked_request("POST", "/session", {"Content-Type": text, "Cookie": text})


def _unpacked(text: str) -> object:
    """Unpack bytes that are said to be gzip; each letter is a byte."""
    return sum(map(len, Unpacking(UNPACKED_MAX).pieces(text.encode("latin-1", "replace"))))


def _binary_mode(text: str) -> object:
    """Put an event together from attributes and data that are all the text."""
    lines = text.split("\n")
    headers = CIMultiDict[str]((f"ce-a{place}", line) for place, line in enumerate(lines))
    return whole_event(headers, text.encode("utf-8", "surrogatepass"))


def _event(text: str) -> object:
    return Reader(None).read(PlainRecord("t", 0, 0, NOW_MS, None, text.encode("utf-8", "surrogatepass")))


def _mapped(text: str) -> object:
    data = text.encode()
    source = EventFile(io.BytesIO(data), lambda: 0, len(data), data[:HEAD_BYTES])
    found = read_candidates("file", "csv", source, ReadCount(), column_map=_MAP)
    return sum(1 for _ in Checker(NOW_MS).examine(found))


def _csv(text: str) -> object:
    rows = read_rows(io.BytesIO(text.encode()), "file")
    return sum(1 for _ in Checker(NOW_MS).examine(assemble(rows, "source")))


def _lines(text: str) -> object:
    return sum(1 for _ in Checker(NOW_MS).examine(read_lines(io.BytesIO(text.encode()))))


def _names(text: str) -> object:
    """Fold consignees as long as an event's may be, whose name and address lines are all the text."""
    parts = [text[at : at + TEXT_MAX] for at in range(0, len(text), TEXT_MAX)]
    return [name_form(part, [part] * LINES_MAX, part, part, part, "US") for part in parts[:: 4 + LINES_MAX]]


def _identifiers(text: str) -> object:
    parts = [text[at : at + TEXT_MAX] for at in range(0, len(text), TEXT_MAX)]
    return [(identifier_form("EI", part), seller_form(part)) for part in parts[::2]]


def _rules(text: str) -> object:
    return rulebook_of(shipped_texts(), [RuleText("mine.toml", text)])


def _around(kind: str, *places: str) -> tuple[Frame, ...]:
    """Frames within a whole event, at places such as `"name":"`."""
    whole = msgspec.json.encode(SAMPLES[kind]).decode()
    return tuple(Frame(*whole.replace(place, f"{place}\0", 1).split("\0")) for place in places if place in whole)


_KIND: Final = next(kind for kind in SAMPLES if "manifested" in kind)
_JSON: Final = (
    "[", "{", '{"a":', '["a",', "[],", "{},", '"', '\\"', "\\\\", '"\\u0041",', '"a":1,', '"a":null,', "1e999,", "9",
    "0,",
    ',"name":"a"', "null,", "\\ud800", "\t", '{"a":[', '"type":"a",',
)  # fmt: skip
_EVENT_FRAMES: Final = (
    Frame(), Frame("{"), Frame("["), Frame('{"a":"'), Frame('{"a":"', '"}'),
    *_around(_KIND, "{", '"data":{', '"lines":[', '"name":"', '"amount":"', '"version":', '"consignee":{', '"flags":['),
)  # fmt: skip
_GZIP: Final = Frame("\x1f\x8b\x08\0\0\0\0\0\0\xff")
_MEMBER: Final = f"{_GZIP.before}\x03\0\0\0\0\0\0\0\0\0"
"""Nothing, packed."""


def _deflated(plain: bytes, strategy: int = zlib.Z_DEFAULT_STRATEGY) -> str:
    """Return blocks of packed bytes that further blocks may follow."""
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS, strategy=strategy)
    return (packing.compress(plain) + packing.flush(zlib.Z_FULL_FLUSH)).decode("latin-1")


_DEFLATED: Final = (
    _deflated(b"aaaaaabaaaaaaabaaaaa", zlib.Z_HUFFMAN_ONLY),  # hardly more than the tables of a block
    _deflated(bytes(100_000)), _deflated(bytes(range(256)) * 9), _deflated(b"a"), "\0\0\0\xff\xff", "\x04",
    _MEMBER,
)  # fmt: skip
_COLUMNS: Final = template().splitlines(keepends=True)[0]
_MAP: Final = read_map(
    "shopify",
    ("conveyance=c", "manifested_at=2025-08-19T21:04:00Z", "mode=air", "bill_prefix=ACME", "shipper_name=a",
     "shipper_country=JP", "hts=1", "origin=JP"),
)  # fmt: skip
_SHOPIFY: Final = ",".join(dict.fromkeys(name for ours in _MAP.columns for name in _MAP.sources(ours))) + "\n"
_SHOPIFY_ROW: Final = "#1001,2025-08-18 09:12:40 -0400,Ann,1 Oak,,Salem,OR,1,US,Kite,1,1.00,USD\n"
_OPENING: Final = ',,c,ACME0001,x","y\n'
"""A row that leaves a quotation mark open, whether one was open before it or not."""
_RATE: Final = (
    '[[rate]]\nid="a-1"\nsource="somewhere to be read"\ncertainty="A"\ncurrency="EUR"\nquarter="2025Q3"\nrate="1.1"\n'
)
_CODE: Final = (
    '[[code]]\nid="my-code"\nsource="somewhere to be read"\ncertainty="A"\ntext="words for a reader"\n'
    'filing="manifest"\noutcome="withhold"\nchannel="a"\ncode="b"\nwording="c"\n'
)
WORDS: Final = (
    "a", " ", "#", "# ", "#A ", "A# ", "-", "A-1", "A.B.", ".", "&", "'", "\n", "1 ",
    "NORTH ", "EAST ST ", "P O BOX ", "STE",
    "APT1", "é", "e\u0301", "\u0301\u0323", "\ufdfa", "\u0390", "½", "㍿", "ß", "\u200d", "ﷺ ",
    "한", "\u1100\u1161", "٣", "𝔸",
)  # fmt: skip

PATHS: Final = (
    HostilePath("shipment event", _event, _EVENT_FRAMES, _JSON, 60_000),
    HostilePath("JSON lines, publish's checks", _lines, _EVENT_FRAMES, (*_JSON, "\n", "{}\n", "A1B2C3 "), 20_000),
    HostilePath(
        "batch over HTTP",
        lambda text: cut(text.encode(), 1_000),
        (Frame("["), Frame("[", "]"), Frame()),
        (*_JSON, "{},", '{"specversion":1,"id":1,"source":1,"type":1,"time":1,"data":1},'),
        60_000,
    ),
    HostilePath("packed body", _unpacked, (_GZIP, Frame(_GZIP.before, _MEMBER), Frame()), _DEFLATED, 60_000),
    HostilePath(
        "binary mode",
        _binary_mode,
        (Frame(), Frame("", "\n{}"), Frame("%")),
        ("a", "%", "%41", "%C3", "%zz", "\n", "a\n", "{}", "[", '"', "\\"),
        4_000,
    ),
    HostilePath("name and address", _names, (Frame(), Frame("", "A"), Frame("UNIT ")), WORDS, 4_000),
    HostilePath("identifier and seller", _identifiers, (Frame(), Frame("", "A")), WORDS, 4_000),
    HostilePath(
        "amount", parse_amount, (Frame(), Frame("1."), Frame("", ".00")), ("1", "9", ".", "0", "٣", "²"), 4_000
    ),
    HostilePath(
        "instant",
        lambda text: msgspec.json.decode(f'"{text}"', type=Instant),
        (Frame(), Frame("2025-08-20T12:00:00."), Frame("2025-08-20T12:00:00", "Z")),
        ("0", "9", "Z", "+00:00"),
        4_000,
    ),
    HostilePath(
        "bill as scanned", fold_bill, (Frame(), Frame("]C1"), Frame("\ufeff")), ("A", "-", "]C1", "\x1d", "ß"), 1_000
    ),
    HostilePath(
        "message of a scanner",
        lambda text: msgspec.json.decode(text, type=Asked),
        (Frame(), Frame("{"), Frame('{"bill":"'), Frame('{"bill":"', '"}'), Frame('{"a":')),
        _JSON,
        1_000,
    ),
    HostilePath(
        "id of a stream", decode_places, (Frame(), Frame("1."), Frame("1", ".x")), ("a.", ".", "0", "f", "1."), 2_000
    ),
    HostilePath(
        "media type",
        lambda text: media_type(_request(text)),
        (Frame(), Frame("a/b;"), Frame('a/b;"')),
        (";", "a=b;", "a*0=b;", '"', '\\"', " "),
        2_000,
    ),
    HostilePath(
        "cookies",
        lambda text: _request(text).cookies.get("a"),
        (Frame(), Frame("a="), Frame('a="'), Frame('a="', '"')),
        (";", "a=b;", "=", '\\"', "\\0", "\\", " ", "a=b; "),
        2_000,
    ),
    HostilePath(
        "form",
        lambda text: _pairs(text.encode("ascii", "replace")),
        (Frame(), Frame("token=")),
        ("%", "%41", "&", "=", "a=b&", "+", ";"),
        1_000,
    ),
    HostilePath(
        "body of a sign-in",
        lambda text: msgspec.json.decode(text, type=SignIn),
        (Frame(), Frame("{"), Frame('{"token":"'), Frame('{"a":')),
        _JSON,
        1_000,
    ),
    HostilePath(
        "CSV",
        _csv,
        (Frame(), Frame(_COLUMNS), Frame(_COLUMNS + '"'), Frame(_COLUMNS.strip() + ","), Frame(_COLUMNS + _OPENING)),
        (
            ",",
            "\n",
            '"',
            _OPENING,
            "c,BILL0001,1\n",
            "x1,",
            "\r",
            ";",
            '""',
            'c,BILL0001,"\n',
            ",,,\n",
            "c,B",
            "\ufffd",
            "conveyance,",
            'c,BILL0001,"""x\n',
        ),
        20_000,
    ),
    HostilePath(
        "export through a map",
        _mapped,
        (Frame(), Frame(_SHOPIFY), Frame(_SHOPIFY + '"'), Frame(_SHOPIFY + _SHOPIFY_ROW)),
        (
            ",",
            "\n",
            '"',
            _SHOPIFY_ROW,
            "#1001" + "," * 12 + "\n",
            ',#1001,"\n',
            "1001 ",
            "\r",
            "#1001,",
            "Name,",
            '#1001,"""x\n',
        ),
        20_000,
    ),
    HostilePath(
        "rule file",
        _rules,
        (
            Frame(),
            Frame("a=["),
            Frame('a="'),
            Frame(_RATE),
            Frame(_CODE + 'modes=["air"'),
            Frame(_CODE + 'modes=["air"', ',"air"]\nreasons=["daily-limit"]'),
            Frame("remove=["),
        ),
        (
            "a.",
            "[",
            "{a=",
            "a=1\n",
            "[[rate]]\n",
            "[a.b]\n",
            '"',
            "\\n",
            '"a",',
            ',"air"',
            "#",
            "\n",
            "9",
            "e9",
            _RATE,
            "1_0",
            "'''",
            "a.b=1\n",
            "[[a]]\n",
        ),
        4_000,
    ),
)

ANYWHERE: Final = ("a", '"', "\\", "\n", "[", "{", "0", " ", "é", "\ufdfa", "\u0301", ",", ".", "\x00")
