"""Serves the pages and their files from memory, under a policy that lets the browser run and ask nothing else."""

import hashlib
import mimetypes
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, Self

import msgspec
from aiohttp import web

from agents.gateway.http.parts import parts_of
from agents.gateway.http.problems import problem_of
from state.rules import Rulebook
from state.rules.entries import FilingRule
from state.rules.rule_words import meaning, period

DIRECTIVES: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    # Text reaches the page as text only: the browser itself refuses innerHTML and its like.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
)
POLICY: Final = "; ".join(DIRECTIVES)
"""Content-Security-Policy of the pages: this gateway's own files and answers, no markup that runs."""

HEADERS: Final = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
"""Browsers keep the files, but ask whether they still hold: after an upgrade no page is half old."""

PAGES: Final = {"/": "scanner.html", "/board": "board.html", "/consignee": "officer.html"}
TYPES: Final = {
    ".js": "text/javascript",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
"""Of files whose type the machine's own tables may lack, or name in another way."""


class File(msgspec.Struct, frozen=True):
    """A file as it is sent."""

    body: bytes
    content_type: str
    tag: str
    """Changes with the body."""

    @classmethod
    def of(cls, body: bytes, content_type: str) -> Self:
        """Return a file with the tag of its body."""
        return cls(body, content_type, hashlib.sha256(body).hexdigest()[:32])


class RuleCard(msgspec.Struct, frozen=True):
    """A dated rule in a reader's words, for the officer's page."""

    says: str
    period: str
    text: str
    source: str
    certainty: str
    error: str | None
    """The filing error that it raises."""


class ProgrammeCard(msgspec.Struct, frozen=True):
    """An enabled programme, for the officer's choice."""

    id: str
    title: str
    zone: str
    currency: str
    window: str
    """The period that is summed, as rule files name it."""
    date: str
    """The day that counts: `arrival` or `purchase`."""
    per_seller: bool
    certainty: str


class ProgrammeCards(msgspec.Struct, frozen=True):
    """What an officer may choose from."""

    default: str
    """The programme of a question that names none."""
    programmes: tuple[ProgrammeCard, ...]


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _walk(item, f"{prefix}{item.name}/")
        else:
            yield prefix + item.name, item.read_bytes()


@cache
def static_files() -> dict[str, File]:
    """Read the files below `static`, by path from there."""
    found = {}
    for name, body in _walk(files("agents.gateway.pages") / "static"):
        kind = TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        found[name] = File.of(body, kind)
    return found


@lru_cache(maxsize=1)
def rules_file(rulebook: Rulebook) -> File:
    """Return the rulebook in a reader's words, JSON by id."""
    cards = {
        entry.id: RuleCard(
            meaning(entry, rulebook.data), period(entry), entry.text, entry.source, entry.certainty,
            entry.error if isinstance(entry, FilingRule) else None,
        )
        for _section, entries in rulebook.data
        for entry in entries
    }  # fmt: skip
    return File.of(msgspec.json.encode(cards), "application/json")


@lru_cache(maxsize=1)
def programmes_file(rulebook: Rulebook) -> File:
    """Return the enabled programmes as JSON."""
    cards = (
        ProgrammeCard(
            each.id, each.title, each.zone, each.currency, each.window, each.date, each.per_seller, each.certainty
        )
        for each in rulebook.programmes.values()
    )
    return File.of(msgspec.json.encode(ProgrammeCards(rulebook.default_programme, tuple(cards))), "application/json")


def _send(request: web.Request, file: File) -> web.Response:
    headers = {**HEADERS, "ETag": f'"{file.tag}"'}
    if any(tag.value in (file.tag, "*") for tag in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    charset = "utf-8" if file.content_type.startswith("text/") else None
    return web.Response(body=file.body, headers=headers, content_type=file.content_type, charset=charset)


async def page(request: web.Request) -> web.Response:
    """Return a page. It holds no data: it asks for what it shows, signed in."""
    return _send(request, static_files()[PAGES[request.path]])


async def static(request: web.Request) -> web.Response:
    """Return a file of the pages."""
    found = static_files().get(request.match_info["name"])
    if found is None:
        raise problem_of(404)
    return _send(request, found)


async def rules(request: web.Request) -> web.Response:
    """Return the dated rules, which are no secret."""
    return _send(request, rules_file(parts_of(request).rulebook))


async def programmes(request: web.Request) -> web.Response:
    """Return the enabled programmes, which are no secret either."""
    return _send(request, programmes_file(parts_of(request).rulebook))


def routes() -> Iterable[web.RouteDef]:
    """Return the routes of this module."""
    return [
        *(web.get(path, page) for path in PAGES),
        web.get("/pages/rules.json", rules),
        web.get("/pages/programmes.json", programmes),
        web.get("/pages/{name:.+}", static),
    ]
