"""Errors of the client, made from the gateway's problems (RFC 9457): what was wrong, where, and what to do.

No text quotes what an event says.
"""

from collections.abc import Mapping
from typing import Any, Final

SHOWN: Final = 5
"""Bad events that the text of an error names."""
TOLD_MAX: Final = 300
"""Characters of one text of a problem; what comes from a proxy may be long."""


class TallygateError(Exception):
    """Something could not be done; the text says why and what to do."""

    accepted: int = 0
    """Of a list of events: how many the gateway had acknowledged before."""


class AwayError(TallygateError):
    """The gateway or Kafka does not answer, or cannot now. Whether events arrived is unknown; send the same again."""


class RefusedError(TallygateError):
    """The gateway or Kafka refuses; another try ends the same way."""

    def __init__(self, status: int, title: str, detail: str, document: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{title} ({status}): {detail}" if status else f"{title}: {detail}")
        self.status = status
        """Status of the answer; 0: there was none."""
        self.title = title
        self.detail = detail
        self.document = dict(document or {})
        """The whole problem."""


class NotAllowedError(RefusedError):
    """The token is not valid, or has not the scope or source that this needs."""


class NotFoundError(RefusedError):
    """There is no such bill, or no gateway at this address."""


class GoneError(RefusedError):
    """The decisions topic no longer holds the place to resume at. Begin without an id, and read what you missed."""


class WrongEventsError(RefusedError):
    """Events are not as they must be; nothing that was sent with them was published."""

    @property
    def events(self) -> list[dict[str, Any]]:
        """Each bad event: `index` in what you handed over, from 0; `code`, a code of dead letters; and `detail`."""
        return [each for each in self.document.get("errors", ()) if isinstance(each, dict)]


_BY_STATUS: Final[Mapping[int, type[RefusedError]]] = {
    401: NotAllowedError,
    403: NotAllowedError,
    404: NotFoundError,
    410: GoneError,
}
GONE: Final = 410
_BEGIN: Final = "begin without an id (remove the file of the id), and read the history of the bills that you follow"


def refusal(status: int, document: Mapping[str, Any]) -> RefusedError:
    """Return the error of a problem."""
    title, detail = _text(document, "title", "Refused"), _text(document, "detail", "without details")
    if isinstance(document.get("errors"), list) and document["errors"]:
        return wrong_events(status, title, document)
    if status == GONE:
        detail = f"{detail}; {_BEGIN}"
    return _BY_STATUS.get(status, RefusedError)(status, title, detail, document)


def wrong_events(status: int, title: str, document: Mapping[str, Any]) -> WrongEventsError:
    """Return the error of a problem that names bad events."""
    errors = [each for each in document["errors"] if isinstance(each, dict)]
    told = "; ".join(
        f"event {each.get('index')}: {_text(each, 'code', '')}: {_text(each, 'detail', '')}" for each in errors[:SHOWN]
    )
    more = f"; and {len(errors) - SHOWN} more" if len(errors) > SHOWN else ""
    return WrongEventsError(status, title, f"{told}{more}", document)


def _text(document: Mapping[str, Any], name: str, default: str) -> str:
    found = document.get(name)
    return found[:TOLD_MAX] if isinstance(found, str) else default
