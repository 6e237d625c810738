"""Every operation, stated once: scope, parameters, bodies and answers; `openapi.py` writes the document."""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from agents.bills.history_view import BillHistory
from agents.gateway.endpoints.bill_answers import WAIT
from agents.gateway.endpoints.bill_history import PLACE
from agents.gateway.endpoints.consignee_days import AFTER, DAY, KEY, PAGE, PAGE_MAX, PROGRAMME, ConsigneeDay
from agents.gateway.endpoints.conveyances import ConveyanceBoard, ConveyancesOfDay
from agents.gateway.endpoints.dead_letters import AFTER as AFTER_LETTER
from agents.gateway.endpoints.dead_letters import LETTERS, LETTERS_MAX, LetterPage
from agents.gateway.endpoints.headroom import Headroom, HeadroomQuestion
from agents.gateway.endpoints.health import EXCLUDABLE, Alive, Ready
from agents.gateway.endpoints.ingest import BATCH, SINGLE, Accepted
from agents.gateway.endpoints.listed_bills import CONVEYANCE, AuditVerdictPage, VerdictPage
from agents.gateway.endpoints.session import Session, SignIn
from agents.gateway.endpoints.views import AuditBillView, BillView
from agents.gateway.http.csv_reply import CSV
from agents.gateway.http.replies import JSON
from agents.gateway.http.tokens import Scope
from agents.readmodel.bill_lists import AFTER as AFTER_BILL
from agents.readmodel.bill_lists import LISTED_MAX
from stream.deadletters import Fault
from stream.decisions import Outcome
from stream.events import Shipment

FORM: Final = "application/x-www-form-urlencoded"
EVENT_STREAM: Final = "text/event-stream"

Schema = Mapping[str, Any]

Tag = Literal["events", "bills", "decisions", "consignees", "session", "gateway"]
TAGS: Final[Mapping[Tag, str]] = {
    "events": "Publish shipment events.",
    "bills": "Ask what to do with a bill, and why.",
    "decisions": "Follow decisions as they are made.",
    "consignees": "See a consignee's day, and plan with it.",
    "session": "Sign a browser in and out.",
    "gateway": "Watch the gateway itself.",
}
"""What operations are about; generated clients make a module or a class of each."""


class Parameter(NamedTuple):
    """A parameter in the path, the query or a header; its schema is a type or written out."""

    name: str
    place: str
    meaning: str
    schema: Any
    required: bool = False


class Answer(NamedTuple):
    """A successful answer; without a type it has no body, or one that is not JSON."""

    meaning: str
    schema: Any = None
    """A type, several of which it is one, or written out."""
    media: str = JSON
    also: tuple[str, ...] = ()
    """Further media types that can be asked for, as text."""


class Operation(NamedTuple):
    """One method at one address."""

    method: str
    path: str
    tag: Tag
    summary: str
    answers: Mapping[int, Answer]
    scope: Scope | None = None
    """None: no token is needed."""
    signed_in: bool = False
    """Any token will do."""
    parameters: tuple[Parameter, ...] = ()
    bodies: Mapping[str, Any] = {}
    """Media type to type."""
    errors: tuple[int, ...] = ()
    """Beside those that follow from the scope."""
    more: str = ""
    """What else there is to know."""
    named: str = ""
    """Its `operationId`, where method and path do not make one of its own."""

    @property
    def needs_token(self) -> bool:
        """Whether only a caller with a token gets an answer."""
        return self.scope is not None or self.signed_in


BILL: Final = Parameter(
    "bill",
    "path",
    "A bill number; separators and small letters do not matter.",
    {"type": "string"},
    True,
)
RESUME: Final = Parameter(
    "after",
    "query",
    "The id of the last decision that you read, or `beginning`: all that the topic holds.",
    {"type": "string"},
)
SINCE_LETTERS: Final = Parameter(
    "since", "query", "In place of `after`: letters from this instant on.", {"type": "string", "format": "date-time"}
)
SINCE: Final = Parameter(
    "since",
    "query",
    "In place of `after`: decisions that Kafka has from this instant on.",
    {"type": "string", "format": "date-time"},
)

_LIVE: Final = (
    Operation(
        "get", "/v1/decisions", "decisions", "Decisions as they are made",
        {200: Answer("Server-sent events `decision`; data: a verdict without `as_of`, `stale` and `conveyances`.",
                     {"type": "string"}, EVENT_STREAM)},
        "scan",
        parameters=(
            Parameter("conveyance", "query", "Only decisions on these conveyances.",
                      {"type": "array", "items": {"type": "string"}}),
            Parameter("outcome", "query", "Only decisions with these outcomes.", list[Outcome]),
            Parameter("programme", "query", "Only decisions under these enabled programmes.",
                      {"type": "array", "items": {"type": "string", "pattern": PROGRAMME}}),
            RESUME,
            SINCE,
            Parameter("Last-Event-ID", "header", "As `after`; browsers send it by themselves.", {"type": "string"}),
        ),
        errors=(400, 410, 503),
        more="It resumes without gap or repeat; 410 if the topic no longer reaches back so far.",
    ),
    Operation(
        "get", "/v1/scan", "decisions", "Scan bills over a WebSocket",
        {101: Answer("The connection is a WebSocket now.")},
        "scan",
        errors=(400, 503),
        more='Send `{"bill": "..."}`; you get its verdict, and again whenever it changes.',
    ),
)  # fmt: skip
"""Streams."""

_PUBLISHING_ERRORS: Final = (400, 408, 413, 415, 503)
_AGAIN: Final = "After 503 some may have arrived: send all again, the same event twice has no second effect."

OPERATIONS: Final = (
    Operation(
        "post", "/v1/events", "events", "Publish a shipment event",
        {202: Answer("Kafka has the event, on all replicas.", Accepted)},
        "publish",
        bodies={SINGLE: Shipment},
        errors=_PUBLISHING_ERRORS,
        more="Taken here too: one event as `application/json`; CloudEvents binary mode, whose `ce-` headers are the "
        "attributes and whose body is the `data`, as `application/json`; and a batch. Each body may be packed: "
        f"`Content-Encoding: gzip`. {_AGAIN}",
    ),
    Operation(
        "post", "/v1/events/batch", "events", "Publish many shipment events",
        {202: Answer("Kafka has all events, on all replicas.", Accepted)},
        "publish",
        bodies={BATCH: list[Shipment]},
        errors=_PUBLISHING_ERRORS,
        more="If one event is bad, none is sent: 400 lists every bad event in `errors`. Events of one conveyance keep "
        "their order. The body may also be called `application/json`, and may be packed: `Content-Encoding: gzip`. "
        f"{_AGAIN}",
    ),
    Operation(
        "get", "/v1/dead-letters", "events", "Events that became dead letters",
        {200: Answer("A page of them, from Kafka itself, oldest first in each partition.", LetterPage)},
        "publish",
        parameters=(
            SINCE_LETTERS,
            Parameter("after", "query", "The `next` of the page before.", {"type": "string", "pattern": AFTER_LETTER}),
            Parameter("code", "query", "Only these codes.", list[Fault]),
            Parameter("limit", "query", "Letters on a page.",
                      {"type": "integer", "minimum": 1, "maximum": LETTERS_MAX, "default": LETTERS}),
        ),
        errors=(400, 503),
        more="You see letters of your token's sources, or of all sources if it names none; with the scope audit too "
        "those without a readable source. If `complete` is false there was no time to read more: go on with `next`.",
    ),
    Operation(
        "get", "/v1/bills", "bills", "The answers for the bills of a conveyance or a day",
        {200: Answer("A page of bills, each where its answer is.", (VerdictPage, AuditVerdictPage))},
        "scan",
        parameters=(
            Parameter("conveyance", "query", "Bills whose answer is on this conveyance.",
                      {"type": "string", "pattern": CONVEYANCE}),
            Parameter("day", "query", "Bills whose answer is on this day, in the zone of its programme.",
                      {"type": "string", "format": "date", "pattern": DAY}),
            Parameter("outcome", "query", "Only bills with these outcomes.", list[Outcome]),
            Parameter("after", "query", "The `next` of the page before.", {"type": "string", "pattern": AFTER_BILL}),
            Parameter("limit", "query", "Bills on a page.",
                      {"type": "integer", "minimum": 1, "maximum": LISTED_MAX, "default": PAGE}),
        ),
        errors=(400, 503),
        more="Say `conveyance` or `day`. A bill that is listed all the time while you read is on exactly one page.",
        named="list_v1_bills",
    ),
    Operation(
        "get", "/v1/conveyances", "bills", "The conveyances of a day, with counts by action",
        {200: Answer("Each conveyance that has bills on the day, with all its bills.", ConveyancesOfDay)},
        "scan",
        parameters=(
            Parameter("day", "query", "The day, in the zone of the bills' programme.",
                      {"type": "string", "format": "date", "pattern": DAY}, True),
        ),
        errors=(400, 503),
        named="list_v1_conveyances",
    ),
    Operation(
        "get", "/v1/conveyances/{conveyance}", "bills", "A conveyance: counts by action, and what to pull",
        {200: Answer("Counts, the bills that must not go, and the latest of them.", ConveyanceBoard)},
        "scan",
        parameters=(
            Parameter("conveyance", "path", "The conveyance, as events state it.",
                      {"type": "string", "pattern": CONVEYANCE}, True),
        ),
        errors=(400, 503),
        more="A conveyance of which nothing is known has no bills. It lists at most 5,000 bills to pull.",
    ),
    Operation(
        "get", "/v1/bills/{bill}", "bills", "A bill's answer",
        {200: Answer("What to do with the bill, and why; with the scope audit more.", (BillView, AuditBillView))},
        "scan",
        parameters=(
            BILL,
            Parameter("wait", "query", "How long to wait for the bill's first decision, such as 2s; missing: no time.",
                      {"type": "string", "pattern": WAIT}),
        ),
        errors=(400, 404, 503),
        more="If the read model lags, `stale` is true and `action` is HOLD. With `wait` a bill that was just published "
        "is answered as soon as it is decided; 404 when the time is over.",
    ),
    Operation(
        "get", "/v1/bills/{bill}/history", "bills", "Every decision of a bill",
        {200: Answer("Its decisions, oldest first, from Kafka itself.", BillHistory)},
        "audit",
        parameters=(
            BILL,
            Parameter("after", "query", "The `next` of the page before.", {"type": "string", "pattern": PLACE}),
        ),
        errors=(400, 404, 503),
        more="If `complete` is false there was no time to read more: go on with `next`. No decisions: none is kept.",
    ),
    Operation(
        "get", "/v1/consignees/{key}/days/{day}", "consignees", "What a consignee's day falls into",
        {200: Answer("Total, headroom, the bills behind it, alerts.", ConsigneeDay, also=(CSV,))},
        "audit",
        parameters=(
            Parameter("key", "path", "A key, as decisions state it.", {"type": "string", "pattern": KEY}, True),
            Parameter(
                "programme", "query", "An enabled programme; missing: the default.",
                {"type": "string", "pattern": PROGRAMME},
            ),
            Parameter(
                "day", "path", "A day in the programme's zone.",
                {"type": "string", "format": "date", "pattern": DAY}, True,
            ),
            Parameter("format", "query", "`csv`: a table, a row for each bill. Missing: as `Accept` says, else `json`.",
                      {"enum": ["json", "csv"]}),
            Parameter("after", "query", "The `next` of the page before.", {"type": "string", "pattern": AFTER}),
            Parameter(
                "limit", "query", "Bills on a page.",
                {"type": "integer", "minimum": 1, "maximum": PAGE_MAX, "default": PAGE},
            ),
        ),
        errors=(400, 503),
    ),
    Operation(
        "post", "/v1/headroom", "consignees", "Would a value fit a person's day?",
        {200: Answer("Whether it fits, the headroom, the next day on which it would.", Headroom)},
        "plan",
        bodies={JSON: HeadroomQuestion},
        errors=(400, 408, 413, 415, 501, 503),
        more="Each question is logged by token and consignee key. Goods, origin and filing are not looked at.",
    ),
    Operation(
        "post", "/session", "session", "Sign a browser in",
        {200: Answer("Signed in; the answer sets a cookie that pages cannot read.", Session)},
        bodies={JSON: SignIn, FORM: SignIn},
        errors=(400, 401, 403, 408, 413, 415),
    ),
    Operation(
        "get", "/session", "session", "Who is signed in",
        {200: Answer("The session's token.", Session)}, signed_in=True,
    ),
    Operation(
        "delete", "/session", "session", "Sign a browser out", {204: Answer("The cookie is gone.")}, signed_in=True
    ),
    Operation("get", "/livez", "gateway", "Is the gateway alive?", {200: Answer("It serves.", Alive)}),
    Operation(
        "get", "/readyz", "gateway", "Is the gateway ready?", {200: Answer("It has all that it needs.", Ready)},
        parameters=(
            Parameter(
                "exclude", "query", "What to leave out of the check.",
                {"type": "array", "items": {"enum": list(EXCLUDABLE)}, "default": []},
            ),
        ),
        errors=(400, 503),
        more="503 names in `away` what is missing: Kafka, Redis, an up-to-date read model, the tokens file.",
    ),
    *_LIVE,
    Operation(
        "get", "/metrics", "gateway", "What the gateway counts", {200: Answer("For Prometheus.", None, "text/plain")}
    ),
    Operation("get", "/openapi.json", "gateway", "This description", {200: Answer("OpenAPI 3.1.", {"type": "object"})}),
)  # fmt: skip
