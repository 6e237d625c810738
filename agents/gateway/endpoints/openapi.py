"""`/openapi.json`: OpenAPI 3.1, written from the types that handlers read and send."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

import msgspec
from aiohttp import web

from agents.gateway.endpoints.ingest import BadEvent
from agents.gateway.endpoints.operations import OPERATIONS, TAGS, Answer, Operation, Parameter
from agents.gateway.endpoints.views import AuditBillView, BillView
from agents.gateway.http.problems import PROBLEM_JSON
from agents.gateway.http.replies import JSON, reply
from agents.gateway.http.sessions import COOKIE

Document = dict[str, Any]

REFS: Final = "#/components/schemas/{name}"
RESPONSES: Final = "#/components/responses/{status}"
LICENSE: Final = {"name": "All rights reserved", "identifier": "LicenseRef-AllRightsReserved"}
"""No licence is granted in this repository; once it has a file with one, name that here."""
ERRORS_OF_ALL: Final = (500,)
BELOW: Final = 400
"""The answer to a request that is not valid HTTP, which no handler sees; so it is described, but not counted."""
ERRORS_OF_TOKENS: Final = (401, 403, 429)
RETRY: Final = {
    "Retry-After": {"description": "Seconds to wait.", "required": True, "schema": {"type": "integer", "minimum": 1}}
}
CHALLENGE: Final = {"WWW-Authenticate": {"description": "Asks for a bearer token.", "schema": {"type": "string"}}}
SCHEMA_NAMES: Final = {AuditBillView.__name__: "AuditVerdict", BillView.__name__: "Verdict"}
"""Names in the document of types that have another name in the code: generated clients use these names."""
HEADERS_OF: Final[Mapping[int | None, Document]] = {401: CHALLENGE, 429: RETRY, 503: RETRY}


class ProblemDocument(msgspec.Struct, frozen=True, rename={"kind": "type"}):
    """An error (RFC 9457): what was wrong, where, and what to do. Further members depend on the error."""

    kind: str
    title: str
    status: int
    detail: str
    errors: tuple[BadEvent, ...] | msgspec.UnsetType = msgspec.UNSET
    """Of events that were refused: each bad one."""
    away: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    """Of a gateway that is not ready: what is away."""


def describe(operations: Sequence[Operation]) -> Document:
    """Return the whole description."""
    types = list(_types(operations))
    schemas, components = _with_own_names(msgspec.json.schema_components(types, ref_template=REFS))
    by_type = {_name(kind): schema for kind, schema in zip(types, schemas, strict=True)}
    paths: dict[str, Document] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, by_type)
    for component in components.values():
        if "description" in component:
            component["description"] = " ".join(component["description"].split())
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tallygate",
            "version": version("tallygate"),
            "description": "Release or withhold: low-value shipments judged per person and day. Publish shipment "
            "events, look bills up, follow decisions, ask for headroom.",
            "license": LICENSE,
        },
        "servers": [{"url": "/", "description": "The gateway that this description comes from."}],
        "tags": [{"name": name, "description": meaning} for name, meaning in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "A token of `tallygate token create`."},
                "session": {
                    "type": "apiKey", "in": "cookie", "name": COOKIE,
                    "description": "What `POST /session` sets; over TLS its name begins with `__Host-`.",
                },
            },
            "responses": {
                str(status): _error(HTTPStatus(status).phrase, status) for status in sorted(_statuses(operations))
            },
        },
    }  # fmt: skip


def _types(operations: Iterable[Operation]) -> Iterable[Any]:
    yield ProblemDocument
    for operation in operations:
        found = [*operation.bodies.values(), *(each.schema for each in operation.parameters)]
        found += [answer.schema for answer in operation.answers.values()]
        for kind in found:
            if isinstance(kind, tuple):
                yield from kind
            elif kind is not None and not isinstance(kind, dict):
                yield kind


def _with_own_names(described: Any) -> Any:
    """Return schemas with the names of `SCHEMA_NAMES` as keys, titles and references."""
    if isinstance(described, dict):
        return {SCHEMA_NAMES.get(key, key): _with_own_names(part) for key, part in described.items()}
    if isinstance(described, list | tuple):
        return type(described)(map(_with_own_names, described))
    if isinstance(described, str):
        start, slash, name = described.rpartition("/")
        return f"{start}{slash}{SCHEMA_NAMES.get(name, name)}"
    return described


def _name(kind: Any) -> str:
    return repr(kind)


def _schema(kind: Any, by_type: Mapping[str, Document]) -> Document:
    if isinstance(kind, tuple):
        return {"anyOf": [_schema(each, by_type) for each in kind]}
    return kind if isinstance(kind, dict) else by_type[_name(kind)]


def _operation(operation: Operation, by_type: Mapping[str, Document]) -> Document:
    made: Document = {
        "summary": operation.summary,
        "operationId": operation.named or _operation_id(operation),
        "tags": [operation.tag],
        "responses": {str(status): _answer(answer, by_type) for status, answer in operation.answers.items()},
        "security": [],
    }
    if operation.more:
        made["description"] = operation.more
    if operation.needs_token:
        scopes = [operation.scope] if operation.scope else []
        made["security"] = [{"bearer": scopes}, {"session": scopes}]
    if operation.parameters:
        made["parameters"] = [_parameter(each, by_type) for each in operation.parameters]
    if operation.bodies:
        content = {media: {"schema": _schema(kind, by_type)} for media, kind in operation.bodies.items()}
        made["requestBody"] = {"required": True, "content": content}
    for status in sorted(_described(operation)):
        made["responses"][str(status)] = {"$ref": RESPONSES.format(status=status)}
    if max(operation.answers) < HTTPStatus.OK:
        # Checkers of descriptions want a success or a default, and OpenAPI counts no WebSocket as a success.
        made["responses"]["default"] = _error("Any other answer is a problem.")
    return made


def _operation_id(operation: Operation) -> str:
    words = [word for word in operation.path.replace(".", "/").split("/") if word and not word.startswith("{")]
    return "_".join([operation.method, *words])


def _answer(answer: Answer, by_type: Mapping[str, Document]) -> Document:
    made: Document = {"description": answer.meaning}
    if answer.schema is not None or answer.media != JSON:
        schema = {"type": "string"} if answer.schema is None else _schema(answer.schema, by_type)
        made["content"] = {answer.media: {"schema": schema}}
        made["content"] |= {media: {"schema": {"type": "string"}} for media in answer.also}
    return made


def _parameter(parameter: Parameter, by_type: Mapping[str, Document]) -> Document:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.meaning,
        "schema": _schema(parameter.schema, by_type),
    }


def errors_of(operation: Operation) -> list[int]:
    """Return the statuses of its errors."""
    return sorted({*operation.errors, *ERRORS_OF_ALL, *(ERRORS_OF_TOKENS if operation.needs_token else ())})


def _described(operation: Operation) -> set[int]:
    return {BELOW, *errors_of(operation)}


def _statuses(operations: Iterable[Operation]) -> set[int]:
    return set[int]().union(*map(_described, operations))


def _error(meaning: str, status: int | None = None) -> Document:
    made: Document = {
        "description": meaning,
        "content": {PROBLEM_JSON: {"schema": {"$ref": REFS.format(name="ProblemDocument")}}},
    }
    if status in HEADERS_OF:
        made["headers"] = HEADERS_OF[status]
    return made


@cache
def document() -> Document:
    """Return the description of this gateway."""
    return describe(OPERATIONS)


async def show(_request: web.Request) -> web.Response:
    """Show the description."""
    return reply(document())


def routes() -> Iterable[web.RouteDef]:
    """Return the routes of this module."""
    return [web.get("/openapi.json", show)]
