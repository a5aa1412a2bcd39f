"""The OpenAPI document is the contract: it has every route and every response (tests/chaos/hostile exercises it)."""

import json
from pathlib import Path

import msgspec
from starlette.routing import Route

from gateway.app import ENDPOINTS, build_app, build_document, described_path
from gateway.http.errors import ErrorKind
from gateway.settings import Settings
from schemas.identifiers.keys import keys_of
from tests.support.gateway_process import IDENTIFIER_KEY, GatewayClient, page_view, sale


def test_every_route_is_described_and_every_description_is_a_route(tmp_path: Path) -> None:
    described = {
        (path, method.upper()) for path, operations in build_document()["paths"].items() for method in operations
    }
    app = build_app(
        Settings(
            kafka="127.0.0.1:1", identifier_key=keys_of(IDENTIFIER_KEY), spool=tmp_path / "spool", reply_partition=0
        )
    )
    routed = {
        (described_path(route.path), method)
        for route in app.routes
        if isinstance(route, Route)
        for method in route.methods or ()
    }
    assert described == {(path, method) for path, method in routed if method != "HEAD" or path == "/s/{tag}"}


def test_every_operation_has_an_id_of_its_own() -> None:
    ids = [operation["operationId"] for endpoint in ENDPOINTS for operation in endpoint.api.operations.values()]
    assert len(ids) == len(set(ids)) >= len(ENDPOINTS)


def test_all_responses_of_the_contract_are_in_the_document() -> None:
    paths = build_document()["paths"]
    assert set(paths["/v1/events"]["post"]["responses"]) >= {"202", "401", "403", "413", "429", "503"}
    assert set(paths["/s/{tag}"]["get"]["responses"]) == {"200", "302", "410", "429", "503"}


def test_every_request_error_is_in_the_document() -> None:
    described = json.dumps(build_document()["paths"])
    assert all(kind.meaning in described for kind in ErrorKind)


async def test_the_served_document_describes_events_that_are_accepted(client: GatewayClient) -> None:
    served = await (await client.request("GET", "/openapi.json")).json()
    assert served == json.loads(msgspec.json.encode(build_document()))
    shape = served["components"]["schemas"]["EventInput"]
    assert not shape["additionalProperties"] and set(shape["required"]) == {"type", "occurred_at"}
    assert set(page_view()) | set(sale()) <= set(shape["properties"])


def test_the_document_describes_an_operators_statements_on_identities() -> None:
    document = build_document()
    assert {"identity_linked", "identity_unlinked"} <= set(
        document["components"]["schemas"]["EventInput"]["properties"]["type"]["enum"]
    )
    description = document["paths"]["/v1/events"]["post"]["description"]
    for word in ("identity_linked", "identity_unlinked", "device_class", "Placeholders"):
        assert word in description


def test_the_document_describes_how_costs_are_reported() -> None:
    document = build_document()
    assert "cost_reported" in document["components"]["schemas"]["EventInput"]["properties"]["type"]["enum"]
    description = document["paths"]["/v1/events"]["post"]["description"]
    assert "cost_reported needs campaign and properties.amount" in description
    assert "the latest statement" in description
