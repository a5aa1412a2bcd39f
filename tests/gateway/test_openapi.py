"""The document is the contract: it names every route, and the gateway keeps to it whatever it is sent."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import booleans
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi import checks
from starlette.routing import Route

from gateway.app import ROUTES
from gateway.openapi import build_document
from tests.gateway.street import GatewayProcess, Phone, page_view, sale

CASES = 30
KEPT = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


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


@pytest.fixture(scope="module")
def gateway(street: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway that does not wait long, for there is no stream behind it."""
    process = GatewayProcess(street, tmp_path_factory.mktemp("gateway"), deadline_ms="20", scans_per_s="100000")
    asyncio.run(process.start_with_stream(street))
    yield process
    process.end()


def operations() -> list[Any]:
    """Every operation of the document, as something that makes up requests."""
    schema = schemathesis.openapi.from_dict(json.loads(msgspec.json.encode(build_document())))
    return [result.ok() for result in schema.get_all_operations()]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.label)
def test_nothing_that_is_sent_breaks_the_contract(
    operation: Any, mode: GenerationMode, gateway: GatewayProcess
) -> None:
    @settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode), known_tag=booleans())
    def keeps_to_it(case: Case, known_tag: bool) -> None:
        if known_tag and "tag" in (case.path_parameters or {}):
            case.path_parameters["tag"] = "shelf-1"
        headers = {"Authorization": "Bearer till-secret"}
        answer = case.call(base_url=gateway.url, headers=headers, allow_redirects=False)
        assert answer.status_code < 500 or (answer.status_code == 503 and operation.path == "/health/ready")
        case.validate_response(answer, checks=KEPT)

    try:
        keeps_to_it()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "an operation without parameters has no wrong requests"
