"""The client for programs without an event loop: `with Client(url, token) as client: ...`."""

import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import httpx

from .calls import FAILURES, Call, How, Publishing, answer_of, bill_call, history_call, how
from .client_errors import TallygateError
from .exchange import REQUEST_SECONDS, TRIES, WAIT_SECONDS, does_not_answer
from .following import PATH, SILENCE_SECONDS, Filters, Following, KeptPlace
from .messages import BillHistory, Event, Outcome, Verdict


class Client:
    """A gateway at an address such as `http://localhost:8080`, asked with a token of `tallygate token create`.

    While the gateway is busy or does not answer, a request is made again, `tries` times in all. No event counts twice.
    Raise RefusedError if the address is none.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        tries: int = TRIES,
        seconds: float = REQUEST_SECONDS,
        verify: ssl.SSLContext | bool = True,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._how = how(url, token, tries, seconds, verify=verify)
        self._http = httpx.Client(**self._how.options())
        self._sleep = sleep
        self._open: list[Decisions] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; streams keep the id of what they have processed."""
        for decisions in self._open:
            decisions.close()
        self._open.clear()
        self._http.close()

    def publish(self, events: Event | Iterable[Event]) -> int:
        """Publish one event or several, in order; return how many Kafka has acknowledged on all replicas.

        Raise WrongEventsError if an event is not as it must be, NotAllowedError, RefusedError; AwayError: send again.
        """
        publishing = Publishing(cast("Mapping[str, Any] | Iterable[Mapping[str, Any]]", events))
        try:
            for call in publishing.calls():
                self._ask(call)
        except TallygateError as error:
            raise publishing.told(error) from None
        return publishing.accepted

    def bill(self, bill: str) -> Verdict:
        """Return a bill's answer. Raise NotFoundError if the bill is unknown, NotAllowedError, AwayError."""
        return cast("Verdict", self._ask(bill_call(bill)))

    def history(self, bill: str) -> BillHistory:
        """Return every decision on a bill; needs scope audit. Raise NotFoundError, NotAllowedError, AwayError."""
        return cast("BillHistory", self._ask(history_call(bill)))

    def decisions(
        self,
        *,
        conveyance: str | Iterable[str] = (),
        outcome: Outcome | Iterable[Outcome] = (),
        programme: str | Iterable[str] = (),
        after: str | None = None,
        id_file: Path | str | None = None,
        processed: Callable[[str], object] | None = None,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> "Decisions":
        """Return all decisions that the filters let through, from `after` or from now on, without an end.

        What you have processed is kept in `id_file`, where the next run goes on, or told to `processed`.
        """
        place = KeptPlace(after, id_file, processed)
        filters = Filters(conveyance, outcome, programme)
        found = Decisions(self._http, self._how, filters, place, silence_seconds, self._sleep)
        self._open.append(found)
        return found

    def _ask(self, call: Call) -> dict[str, Any]:
        tries = 0
        while True:
            tries += 1
            try:
                response = self._http.request(call.method, call.path, content=call.body, headers=call.headers)
            except FAILURES as error:
                if tries >= self._how.tries:
                    raise does_not_answer(self._how.url, error) from None
                self._sleep(WAIT_SECONDS)
                continue
            answer = answer_of(response, response.content)
            wait = answer.wait_seconds(tries, self._how.tries)
            if wait is None:
                return answer.document(self._how.url)
            self._sleep(wait)


class Decisions(Iterator[Verdict]):
    """Decisions as they are made, over all interruptions: none twice, none missing.

    Asking for the next one says that the one before has been processed. When you leave the loop, say `done` if the last
    one was processed too; else it comes again.
    """

    def __init__(
        self,
        http: httpx.Client,
        how: How,
        filters: Filters,
        place: KeptPlace,
        silence_seconds: float,
        sleep: Callable[[float], object],
    ) -> None:
        self._http = http
        self._how = how
        self._filters = filters
        self._following = Following(place)
        self._timeout = how.stream_timeout(silence_seconds)
        self._sleep = sleep
        self._response: httpx.Response | None = None
        self._chunks: Iterator[bytes] = iter(())

    @property
    def last_id(self) -> str | None:
        """The id up to which everything has been processed: what `after` takes."""
        return self._following.last_id

    def done(self) -> None:
        """Say that the decision that came last has been processed."""
        self._following.done()

    def close(self) -> None:
        """Close the connection, and keep the id of what has been processed."""
        self._following.flush()
        self._drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Verdict:
        """Wait for the next decision. Raise GoneError, NotAllowedError, RefusedError."""
        self._following.done()
        while (found := self._following.take()) is None:
            self._read()
        return found

    def _read(self) -> None:
        """Take what comes next, or connect, or wait before the next try."""
        try:
            if self._response is None:
                self._connect()
            else:
                self._following.feed(next(self._chunks))
        except StopIteration:
            self._again("the gateway ended the stream")
        except FAILURES as error:
            self._again(type(error).__name__)

    def _connect(self) -> None:
        request = self._http.build_request(
            "GET", PATH, params=self._filters.query, headers=self._following.headers(), timeout=self._timeout
        )
        response = self._http.send(request, stream=True)
        self._response = response
        if response.status_code == httpx.codes.OK:
            self._following.connected()
            self._chunks = response.iter_bytes()
            return
        answer = answer_of(response, response.read())
        self._drop()
        self._sleep(self._following.refused(answer, self._how.url))

    def _again(self, why: str) -> None:
        self._drop()
        self._sleep(self._following.pause_seconds(why))

    def _drop(self) -> None:
        response, self._response = self._response, None
        if response is not None:
            response.close()
