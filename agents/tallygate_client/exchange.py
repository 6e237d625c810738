"""One request and its answer, whatever library sends it: what the answer means, and when to try again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, NamedTuple

from .client_errors import AwayError, RefusedError, TallygateError, refusal, wrong_events

REQUEST_SECONDS: Final = 30.0
BUSY: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
TRIES: Final = 8
WAIT_SECONDS: Final = 1.0
WAIT_SECONDS_MAX: Final = 10.0
BATCH_BYTES: Final = 1_000_000
BATCH_EVENTS: Final = 1_000
"""Far below what a gateway takes by default; one event alone may be larger."""
EVENTS: Final = "/v1/events"
BATCH_TYPE: Final = "application/cloudevents-batch+json"


class GatewayAnswer(NamedTuple):
    """What a gateway answered."""

    status: int
    retry_after: str | None
    body: bytes

    def wait_seconds(self, tries: int, tries_max: int = TRIES) -> float | None:
        """Return how long to wait before the next try; None: this answer stands."""
        if self.status not in BUSY or tries >= tries_max:
            return None
        return wait_seconds(self.retry_after)

    def document(self, url: str) -> dict[str, Any]:
        """Return the answer to a request that succeeded. Raise RefusedError, AwayError."""
        if self.status < HTTPStatus.BAD_REQUEST:
            return document_of(self.body)
        raise self.error(url)

    def error(self, url: str) -> TallygateError:
        """Return the error that the answer is."""
        error = refusal(self.status, document_of(self.body))
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR or self.status in BUSY:
            return AwayError(f"the gateway at {url} cannot answer now: {error}")
        return error


def wait_seconds(retry_after: str | None) -> float:
    """Return how long to wait as `Retry-After` says, within bounds."""
    seconds = float(retry_after) if retry_after and retry_after.isdecimal() else WAIT_SECONDS
    return min(seconds, WAIT_SECONDS_MAX)


def document_of(body: bytes | str) -> dict[str, Any]:
    """Return a JSON object; of anything else an empty one."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def does_not_answer(url: str, error: BaseException) -> AwayError:
    """Return the error of a gateway that cannot be reached; what the library says may quote a request."""
    return AwayError(f"the gateway at {url} does not answer ({type(error).__name__})")


def no_address() -> RefusedError:
    """Return the error of what cannot be an address."""
    return RefusedError(0, "no address", "expected one such as http://localhost:8080")


def read_token(file: Path) -> str:
    """Read a token from its file. Raise RefusedError if there is none."""
    try:
        token = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError(0, "no token", f"{file}: {getattr(error, 'strerror', None) or 'not text'}") from None
    if not token or not token.isascii() or len(token.split()) != 1:
        raise RefusedError(0, "no token", f"{file}: expected one line with a token from `tallygate token create`")
    return token


def encode_event(index: int, event: Mapping[str, Any]) -> bytes:
    """Return the event at a place of a list in JSON. Raise WrongEventsError if that cannot be."""
    try:
        return json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain).encode()
    except (TypeError, ValueError, RecursionError) as error:
        detail = str(error) if isinstance(error, _NoFormError) else "expected what JSON in UTF-8 can hold"
        bad = {"index": index, "code": "not-json", "detail": detail}
        raise wrong_events(0, "Wrong events", {"errors": [bad]}) from None


class _NoFormError(TypeError):
    """A value has no form in JSON; the text does not quote it."""


def _plain(value: object) -> str:
    """Return a moment or a date as events have it."""
    if isinstance(value, datetime) and value.tzinfo is None:
        raise _NoFormError("an instant needs its time zone, such as datetime.now(UTC)")
    if isinstance(value, date):
        return value.isoformat()
    raise _NoFormError(f"{type(value).__name__} has no form in JSON")


def batches(values: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
    """Cut events into bodies of requests; yield with each how many events it has."""
    batch: list[bytes] = []
    held = 0
    for value in values:
        if batch and (held + len(value) > BATCH_BYTES or len(batch) == BATCH_EVENTS):
            yield len(batch), b"[%s]" % b",".join(batch)
            batch, held = [], 0
        batch.append(value)
        held += len(value)
    if batch:
        yield len(batch), b"[%s]" % b",".join(batch)


def bearer(token: str) -> dict[str, str]:
    """Return the header that a token goes into."""
    return {"Authorization": f"Bearer {token}"}
