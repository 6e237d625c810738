"""Tokens: who may come in. The file holds digests only; a token that leaves it is worth nothing within seconds."""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec

log = logging.getLogger(__name__)

Scope = Literal["publish", "scan", "audit", "plan"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
IMPLIED: Final[dict[Scope, frozenset[Scope]]] = {"audit": frozenset({"scan"})}
"""Who may see everything of a bill may see the little that a scanner shows."""

Refusal = Literal["missing", "unknown", "expired"]
"""Why nobody is let in; told to the metrics, not to who asked."""

PREFIX: Final = "tg"
REREAD_SECONDS: Final = 1.0
NO_DIGEST: Final = "0" * 64


class Token(msgspec.Struct, frozen=True):
    """A token as the file keeps it."""

    id: str
    name: str
    """What it is for, in its owner's words; no secret."""
    sha256: str
    """Digest of the whole token, hexadecimal."""
    scopes: tuple[Scope, ...]
    created: datetime
    expires: datetime

    def allowed(self) -> frozenset[Scope]:
        """Give its scopes and what they imply."""
        return frozenset(self.scopes).union(*(IMPLIED.get(scope, frozenset()) for scope in self.scopes))


class TokenDocument(msgspec.Struct, frozen=True):
    """The whole file."""

    tokens: tuple[Token, ...] = ()


class TokenFileError(Exception):
    """The file cannot be used; the message names it and quotes nothing of it."""


def digest(text: str) -> str:
    """Give what is kept of a token; any text has one, also what a header holds beside UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_tokens(file: Path) -> tuple[Token, ...]:
    """Read the file. Raises TokenFileError."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=TokenDocument).tokens
    except OSError as error:
        raise TokenFileError(f"the tokens file {file}: {error.strerror}") from None
    except msgspec.MsgspecError:
        raise TokenFileError(f"the tokens file {file} is not one that `tallygate token` wrote") from None


class Tokens:
    """The tokens of a file, read again whenever it changes. A file that cannot be read lets nobody in."""

    def __init__(self, file: Path, clock: Callable[[], datetime]) -> None:
        """Read the file for the first time. Raises TokenFileError."""
        self._file = file
        self._clock = clock
        self._seen: object = None
        self._tokens: dict[str, Token] = {}
        self._ends: dict[str, asyncio.Event] = {}
        self._take(_state(file), read_tokens(file))
        self.problem: str | None = None
        """Why nobody is let in, for those who look after the gateway."""

    def find(self, text: str) -> Token | Refusal:
        """Give the token of this text if it is valid, else why not; takes the same time whatever is wrong."""
        _prefix, _, rest = text.partition("_")
        token = self._tokens.get(rest.partition("_")[0])
        same = hmac.compare_digest(digest(text), token.sha256 if token else NO_DIGEST)
        if token is None or not same:
            return "unknown"
        return token if self._clock() < token.expires else "expired"

    def by_id(self, token_id: str) -> Token | None:
        """Give the valid token of an id; only for who has proven otherwise that he had it."""
        token = self._tokens.get(token_id)
        return token if token and self._clock() < token.expires else None

    async def ended(self, token_id: str) -> None:
        """Wait until a token is revoked or expires; noticed within a second or so."""
        while self.by_id(token_id) is not None:
            await self._ends.setdefault(token_id, asyncio.Event()).wait()

    async def watch(self) -> None:
        """Read the file again whenever it changes, and tell those who wait that a token has ended; never returns."""
        while True:
            await asyncio.sleep(REREAD_SECONDS)
            await self.reread()

    async def reread(self) -> None:
        """Read the file if it has changed."""
        try:
            state = await asyncio.to_thread(_state, self._file)
            if state != self._seen or self.problem:
                self._take(state, await asyncio.to_thread(read_tokens, self._file))
                self.problem = None
                log.info("the tokens file was read again: %d tokens", len(self._tokens))
        except TokenFileError as error:
            if self.problem is None:
                log.critical("every token is refused: %s", error)
            self.problem = str(error)
            self._take(None, ())
        for token_id in [each for each in self._ends if self.by_id(each) is None]:
            self._ends.pop(token_id).set()

    def _take(self, state: object, tokens: tuple[Token, ...]) -> None:
        self._seen = state
        self._tokens = {token.id: token for token in tokens}


def _state(file: Path) -> object:
    """Tell one version of the file from another; every version is a file of its own, moved into place."""
    try:
        found = file.stat()
    except OSError as error:
        raise TokenFileError(f"the tokens file {file}: {error.strerror}") from None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size
