"""The token of the demo's gateway: for one day, and without the scope to publish."""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from agents.gateway.http.token_file import create_token
from agents.gateway.http.tokens import Scope

LIFE: Final = timedelta(days=1)
SCOPES: Final[tuple[Scope, ...]] = ("audit", "plan", "scan")
"""No scope to publish: the sums at the end are those of the simulated day."""
SECRET_BYTES_MAX: Final = 8
"""A short secret, so that the address fits a line; it is valid for one day, on this machine."""


def make_demo_token(file: Path) -> str:
    """Make the tokens file with one token, and return the token."""
    _kept, text = create_token(
        file, "demo", SCOPES, datetime.now(UTC), LIFE, lambda count: secrets.token_bytes(min(count, SECRET_BYTES_MAX))
    )
    return text
