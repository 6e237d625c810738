"""The folder of a sandbox: whose it is, the secret, the tokens, the logs, and what `.env` says."""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shlex import quote
from typing import Final, NamedTuple

from agents.gateway.http.token_file import create_token
from agents.gateway.http.tokens import SCOPES, Scope, Token, Tokens
from agents.sandbox.sandbox_errors import NoSandboxError, SandboxTakenError

MARK: Final = "sandbox.lock"
"""Makes a folder a sandbox's, and is locked while one runs in it."""
ENV: Final = ".env"
LOGS: Final = "logs"
KEY: Final = "key-secret"
TOKENS: Final = "tokens.json"
OURS: Final = (ENV, KEY, TOKENS, f"{TOKENS}.lock", f"{TOKENS}.session-key", *(f"{scope}-token" for scope in SCOPES))
"""What a reset removes beside the logs."""
TOKEN_LIFE: Final = timedelta(days=365)
TOKEN_LEFT: Final = timedelta(days=7)
"""A token that ends sooner is replaced at the start."""


class SandboxFolder(NamedTuple):
    """A folder that is ours as long as the descriptor is open."""

    path: Path
    descriptor: int

    @property
    def logs(self) -> Path:
        """Where the broker's logs are kept."""
        return self.path / LOGS

    @property
    def secret(self) -> Path:
        """The file with the secret of the consignee keys, made when it is missing."""
        file = self.path / KEY
        if not file.exists():
            _write(file, secrets.token_hex(32))
        return file

    @property
    def tokens(self) -> Path:
        """The gateway's file of tokens."""
        return self.path / TOKENS

    def keep_tokens(self) -> dict[Scope, str]:
        """Return a token for each scope, those of the last start where they are valid. Raise TokenFileError."""
        return {scope: self._token(scope) for scope in SCOPES}

    def _token(self, scope: Scope) -> str:
        now, file = datetime.now(UTC), self.path / f"{scope}-token"
        if file.exists() and self.tokens.exists():
            text = file.read_text().strip()
            found = Tokens(self.tokens, lambda: now + TOKEN_LEFT).find(text)
            if isinstance(found, Token) and found.scopes == (scope,):
                return text
        _kept, text = create_token(self.tokens, f"sandbox {scope}", (scope,), now, TOKEN_LIFE, secrets.token_bytes)
        _write(file, f"{text}\n")
        return text

    def write_env(self, variables: Mapping[str, str]) -> str:
        """Write `.env`, as a shell reads it, and return its text."""
        text = "".join(f"{name}={quote(value)}\n" for name, value in variables.items())
        _write(self.path / ENV, text)
        return text

    def reset(self) -> None:
        """Remove what a sandbox has made."""
        shutil.rmtree(self.logs, ignore_errors=True)
        for name in OURS:
            (self.path / name).unlink(missing_ok=True)


@contextmanager
def held_folder(path: Path) -> Iterator[SandboxFolder]:
    """Make the folder if it is missing, and keep other sandboxes out. Raise NoSandboxError, SandboxTakenError."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (path / MARK).exists() and any(path.iterdir()):
            raise NoSandboxError(f"{path} has other files: name an empty folder, or one of a sandbox, with --folder")
        descriptor = os.open(path / MARK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise NoSandboxError(f"{path} cannot be used ({error.strerror}): name another folder with --folder") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SandboxTakenError(
                f"a sandbox runs in {path} already: use it, end it with Ctrl-C, or name another folder with --folder"
            ) from None
        yield SandboxFolder(path, descriptor)
    finally:
        os.close(descriptor)


def env_of(broker: str, redis: str, gateway: str, folder: SandboxFolder, partitions: int) -> dict[str, str]:
    """Return the variables with which commands and programs find the sandbox."""
    return {
        "TALLYGATE_KAFKA__BROKERS": broker,
        "TALLYGATE_KAFKA__PARTITIONS": str(partitions),
        "TALLYGATE_KAFKA__OPTIONS": json.dumps({"check_crcs": False}),
        "TALLYGATE_REDIS__URL": redis,
        "TALLYGATE_KEY__SECRET_FILE": str(folder.secret),
        "TALLYGATE_GATEWAY__TOKENS_FILE": str(folder.tokens),
        "GATEWAY": gateway,
        **{f"{scope.upper()}_TOKEN": text for scope, text in folder.keep_tokens().items()},
    }


def _write(file: Path, text: str) -> None:
    """Write a file that only this user may read."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:
        output.write(text)
