"""Tokens and their scopes. The file holds digests only; a token that is taken out of it ends within seconds."""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec

from agents.gateway.http.private_file import file_state

log = logging.getLogger(__name__)

Scope = Literal["publish", "scan", "audit", "plan"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
IMPLIED: Final[dict[Scope, frozenset[Scope]]] = {"audit": frozenset({"scan"})}
"""A token that may see everything of a bill may also see the little that a scanner shows."""

Refusal = Literal["missing", "unknown", "expired"]
"""Why a request is refused; the metrics say it, the answer does not."""

PREFIX: Final = "tg"
REREAD_SECONDS: Final = 1.0
NO_DIGEST: Final = "0" * 64


class Token(msgspec.Struct, frozen=True):
    """A token as the file keeps it."""

    id: str
    name: str
    """Its purpose, in its owner's words; not a secret."""
    sha256: str
    """Digest of the whole token, hexadecimal."""
    scopes: tuple[Scope, ...]
    created: datetime
    expires: datetime
    sources: tuple[str, ...] = ()
    """The sources whose events it may publish; empty: any."""

    def allowed(self) -> frozenset[Scope]:
        """Return its scopes and what they imply."""
        return frozenset(self.scopes).union(*(IMPLIED.get(scope, frozenset()) for scope in self.scopes))


class TokenDocument(msgspec.Struct, frozen=True):
    """The whole file."""

    tokens: tuple[Token, ...] = ()


class TokenFileError(Exception):
    """The file cannot be used; the message names it and quotes nothing of it."""


def digest(text: str) -> str:
    """Return the digest that the file keeps of a token; header text that is not UTF-8 has one too."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_tokens(file: Path) -> tuple[Token, ...]:
    """Read the file. Raise TokenFileError."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=TokenDocument).tokens
    except OSError as error:
        raise TokenFileError(f"the tokens file {file}: {error.strerror}") from None
    except msgspec.MsgspecError:
        raise TokenFileError(f"the tokens file {file} is not one that `tallygate token` wrote") from None


class Tokens:
    """The tokens of a file, read again whenever it changes. If it cannot be read, every token is refused."""

    def __init__(self, file: Path, clock: Callable[[], datetime]) -> None:
        """Read the file for the first time. Raise TokenFileError."""
        self._file = file
        self._clock = clock
        self._seen: object = None
        self._tokens: dict[str, Token] = {}
        self._ends: dict[str, asyncio.Event] = {}
        self._take(_state(file), read_tokens(file))
        self.problem: str | None = None
        """Why every token is refused, for operators; None: the file can be read."""

    def find(self, text: str) -> Token | Refusal:
        """Return the token of this text if it is valid, else why it is not, in the same time whatever is wrong."""
        _prefix, _, rest = text.partition("_")
        token = self._tokens.get(rest.partition("_")[0])
        same = hmac.compare_digest(digest(text), token.sha256 if token else NO_DIGEST)
        if token is None or not same:
            return "unknown"
        return token if self._clock() < token.expires else "expired"

    def by_id(self, token_id: str) -> Token | None:
        """Return the valid token of an id; the caller must have proven in another way that it had the token."""
        token = self._tokens.get(token_id)
        return token if token and self._clock() < token.expires else None

    async def ended(self, token_id: str) -> None:
        """Wait until a token is revoked or expires; that is noticed within about a second."""
        while self.by_id(token_id) is not None:
            await self._ends.setdefault(token_id, asyncio.Event()).wait()

    async def watch(self) -> None:
        """Read the file again whenever it changes, and wake the waiters of tokens that have ended; never returns."""
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
    """Return what differs between two versions of the file: each version is a new file, moved into place."""
    try:
        return file_state(file)
    except OSError as error:
        raise TokenFileError(f"the tokens file {file}: {error.strerror}") from None
