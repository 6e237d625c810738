"""Settings of Redis: its address, the login, and how much of the read model is kept."""

from pathlib import Path
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from agents.settings.settings_group import SettingsGroup

REDIS: Final = "TALLYGATE_REDIS__"


class RedisSettings(SettingsGroup):
    """The Redis of the read model, and how much of the read model is kept."""

    url: str = "redis://localhost:6379/0"
    """`redis://host:port/db`, `rediss://` for TLS, or `unix:///path`. Write `redis://user@host` to log in as a user."""
    password_file: Path | None = None
    """File with the password of the login."""
    ca_file: Path | None = None
    """File with the certificate authorities (PEM) of Redis's certificate, for `rediss://`; none: the system's."""
    keep_days: Annotated[int, Field(ge=1)] = 60
    """Days after its last change that a key is kept, like a record of the decisions topic. Keys are kept for longer
    where a period of an enabled programme is open for longer."""
    changes: Annotated[int, Field(ge=1)] = 10_000
    """Approximate number of the latest changes that are kept for readers that fell behind."""

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        try:
            parts = urlsplit(self.url)
            secret = parts.password is not None or "password=" in parts.query
        except ValueError:
            raise ValueError(f"{REDIS}URL is not an address: write redis://host:port/db") from None
        if parts.scheme not in {"redis", "rediss", "unix"}:
            raise ValueError(f"{REDIS}URL: write redis://host:port/db, rediss:// for TLS, or unix:///path")
        if secret:
            raise ValueError(f"{REDIS}URL has a password in it: write it into a file, named in {REDIS}PASSWORD_FILE")
        if self.ca_file is not None and parts.scheme != "rediss":
            raise ValueError(f"{REDIS}CA_FILE is for TLS only: write rediss:// in {REDIS}URL, or leave it out")
        return self
