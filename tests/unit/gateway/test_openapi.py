"""The description agrees with the routes, and is OpenAPI as it should be."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from agents.gateway.endpoints.openapi import document
from agents.gateway.server import HANDLERS

NOT_DESCRIBED = re.compile(r"/$|/board$|/consignee$|/pages/")
"""Pages are for people."""

SCHEMAS = (
    "Accepted Action Address Advice AlertView Alive AmendedBill Arrival AuditVerdict AuditVerdictPage BadEvent "
    "BillAmended "
    "BillDeleted BillDeletion BillDisposal BillDisposed BillHistory BillManifested Cause Code Consignee "
    "ConsigneeDay ConveyanceArrived ConveyanceBoard ConveyanceCounts ConveyanceEstimated ConveyancesOfDay "
    "Estimate Fault Headroom HeadroomQuestion LedgerView LetterPage LetterView Line "
    "ManifestedBill Measure Money PastDecision Policy ProblemDocument PulledBill Ready Session Shipper SignIn "
    "Verdict VerdictPage"
)


def refs(node: Any) -> set[str]:
    """Return everything that a description refers to."""
    if isinstance(node, dict):
        own = {node["$ref"]} if "$ref" in node else set()
        return own.union(*(refs(value) for value in node.values()))
    return set().union(*(refs(value) for value in node)) if isinstance(node, list | tuple) else set()


def test_every_route_is_described_and_nothing_else() -> None:
    """Each route of the gateway but the pages is an operation, and each operation is a route."""
    routes = {(route.method.lower(), route.path) for module in HANDLERS for route in module.routes()}
    described = {(method, path) for path, methods in document()["paths"].items() for method in methods}
    assert {route for route in routes if not NOT_DESCRIBED.match(route[1])} == described


def test_references_lead_somewhere() -> None:
    """Each reference finds its component."""
    found = document()
    for ref in refs(found):
        part: Any = found
        for step in ref.removeprefix("#/").split("/"):
            part = part[step]
        assert part
    assert len(refs(found)) > 20


def test_schema_names_stay() -> None:
    """Generated clients name their classes by these schemas, so a class with another name changes none of them."""
    assert " ".join(sorted(document()["components"]["schemas"])) == SCHEMAS


def test_schemas_are_schemas() -> None:
    """Each component is a JSON Schema of the dialect that OpenAPI 3.1 takes."""
    for schema in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    assert document()["openapi"] == "3.1.0"


@pytest.mark.parametrize(
    ("path", "method", "scope"),
    [
        ("/v1/events", "post", "publish"),
        ("/v1/bills", "get", "scan"),
        ("/v1/bills/{bill}", "get", "scan"),
        ("/v1/consignees/{key}/days/{day}", "get", "audit"),
        ("/v1/headroom", "post", "plan"),
    ],
)
def test_operation_states_its_scope_and_refusals(path: str, method: str, scope: str) -> None:
    """What needs a token says which scope, and that it may be refused or asked to wait."""
    operation = document()["paths"][path][method]
    assert operation["security"] == [{"bearer": [scope]}, {"session": [scope]}]
    assert {"401", "403", "429", "500", "503"} <= operation["responses"].keys()


def test_operation_ids_are_unique() -> None:
    """Generated clients can name every operation."""
    ids = [operation["operationId"] for methods in document()["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


def test_every_error_is_a_problem() -> None:
    """Each error answer is problem JSON, and those that pass say when to try again."""
    responses = document()["components"]["responses"]
    assert all(list(response["content"]) == ["application/problem+json"] for response in responses.values())
    assert all("Retry-After" in responses[status]["headers"] for status in ("429", "503"))
