"""The webhooks of the file: where each leads, its secret, its filters, and from where in the topic it begins.

The file holds secrets that sign, so only its owner may read it. It is the operators' word; what became of a webhook is
in the control topic.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from agents.gateway.http.private_file import lock_file, write_private
from agents.gateway.live.wanted import WantedDecisions
from agents.webhooks.signing import key_of, make_secret

ID_BYTES: Final = 5
MOST: Final = 100
"""Webhooks in one file: each reads the topic by itself."""


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as the file keeps it."""

    id: str
    url: str
    secrets: tuple[str, ...]
    """Each signs every delivery."""
    after: str
    """The places in the decisions topic behind which it begins, in the form of an id of the stream."""
    created: datetime
    name: str = ""
    """Its purpose, in its owner's words; not a secret."""
    conveyances: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    life: int = 1
    """Raised by `enable`: a webhook is dead only in the life in which it died."""

    def wanted(self, default: str) -> WantedDecisions:
        """Return its filters; lines do not name the programme `default`."""
        return WantedDecisions(
            frozenset(self.conveyances), frozenset(self.outcomes), frozenset(self.programmes), default
        )


class WebhookDocument(msgspec.Struct, frozen=True):
    """The whole file."""

    webhooks: tuple[Webhook, ...] = ()


class WebhookFileError(Exception):
    """The file cannot be used; the message names it and quotes nothing of it."""


def read_webhooks(file: Path) -> tuple[Webhook, ...]:
    """Return the webhooks of the file; none if it is not there yet. Raise WebhookFileError."""
    try:
        webhooks = msgspec.json.decode(file.read_bytes(), type=WebhookDocument).webhooks
        for webhook in webhooks:
            for secret in webhook.secrets:
                key_of(secret)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise WebhookFileError(f"the webhooks file {file}: {error.strerror}") from None
    except ValueError:
        raise WebhookFileError(f"the webhooks file {file} is not one that `tallygate webhooks` wrote") from None
    return webhooks


def add_webhook(file: Path, webhook: Webhook, chance: Callable[[int], bytes]) -> Webhook:
    """Add a webhook with a new id and a new secret; return it. Raise WebhookFileError.

    `chance` returns so many random bytes.
    """
    made = msgspec.structs.replace(webhook, id=chance(ID_BYTES).hex(), secrets=(make_secret(chance),))
    with _locked(file):
        webhooks = read_webhooks(file)
        if len(webhooks) >= MOST:
            raise WebhookFileError(f"the webhooks file {file} has {MOST} webhooks, the most that one process serves")
        _write(file, (*webhooks, made))
    return made


def remove_webhook(file: Path, webhook_id: str) -> bool:
    """Take a webhook out; return whether it was there. Raise WebhookFileError."""
    with _locked(file):
        webhooks = read_webhooks(file)
        left = [webhook for webhook in webhooks if webhook.id != webhook_id]
        if len(left) < len(webhooks):
            _write(file, left)
    return len(left) < len(webhooks)


def enable_webhook(file: Path, webhook_id: str) -> bool:
    """Begin another life of a webhook; return whether it was there. Raise WebhookFileError."""
    with _locked(file):
        webhooks = read_webhooks(file)
        found = any(webhook.id == webhook_id for webhook in webhooks)
        if found:
            raised = [_raised(webhook) if webhook.id == webhook_id else webhook for webhook in webhooks]
            _write(file, raised)
    return found


def _raised(webhook: Webhook) -> Webhook:
    return msgspec.structs.replace(webhook, life=webhook.life + 1)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    try:
        lock = lock_file(file)
    except OSError as error:
        raise WebhookFileError(f"the webhooks file {file} cannot be locked: {error.strerror}") from None
    with lock:
        yield


def _write(file: Path, webhooks: Sequence[Webhook]) -> None:
    text = msgspec.json.format(msgspec.json.encode(WebhookDocument(tuple(webhooks))), indent=2) + b"\n"
    try:
        write_private(file, text)
    except OSError as error:
        raise WebhookFileError(f"the webhooks file {file} cannot be written: {error.strerror}") from None
