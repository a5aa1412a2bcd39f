"""The document is the contract: it names every route and every answer (tests/fire/hostile tries whether it is kept)."""

import json

import msgspec
from starlette.routing import Route

from gateway.app import ROUTES
from gateway.openapi import build_document
from tests.gateway.street import Phone, page_view, sale


def test_every_route_is_described_and_every_description_is_a_route() -> None:
    described = {
        (path, method.upper()) for path, operations in build_document()["paths"].items() for method in operations
    }
    routed = {(route.path, method) for route in ROUTES if isinstance(route, Route) for method in route.methods or ()}
    assert described == {(path, method) for path, method in routed if method != "HEAD" or path == "/s/{tag}"}


def test_all_answers_of_the_contract_are_in_the_document() -> None:
    paths = build_document()["paths"]
    assert set(paths["/v1/events"]["post"]["responses"]) >= {"202", "401", "403", "413", "429", "503"}
    assert set(paths["/s/{tag}"]["get"]["responses"]) == {"200", "302", "404", "429", "503"}


async def test_the_served_document_describes_events_that_are_taken(phone: Phone) -> None:
    served = await (await phone.ask("GET", "/openapi.json")).json()
    assert served == json.loads(msgspec.json.encode(build_document()))
    shape = served["components"]["schemas"]["Sent"]
    assert not shape["additionalProperties"] and set(shape["required"]) == {"type", "occurred_at"}
    assert set(page_view()) | set(sale()) <= set(shape["properties"])


async def test_the_document_says_how_an_operator_settles_who_is_who() -> None:
    document = build_document()
    assert {"identity_linked", "identity_unlinked"} <= set(
        document["components"]["schemas"]["Sent"]["properties"]["type"]["enum"]
    )
    said = document["paths"]["/v1/events"]["post"]["description"]
    for word in ("identity_linked", "identity_unlinked", "device_class", "Placeholders"):
        assert word in said


def test_the_document_says_how_costs_are_told() -> None:
    document = build_document()
    assert "cost_reported" in document["components"]["schemas"]["Sent"]["properties"]["type"]["enum"]
    said = document["paths"]["/v1/events"]["post"]["description"]
    assert "cost_reported needs campaign and properties.amount" in said
    assert "the latest statement" in said
