"""The fault: requests generated from the OpenAPI document, valid and invalid ones.

The promise: no server error, every response as documented, and on the topics exactly the acknowledged events.
"""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi import checks

from gateway.app import build_document
from tests.chaos.hostile.topics import effects, ends
from tests.support.gateway_process import GatewayClient, GatewayProcess, wait_until
from tests.support.seeds import draw_seed

SHORT, LONG, PLAIN = 20, 100_000, 2
PORTION = 500
"""Cases of one run of hypothesis: it remembers all of them, and takes ever longer to find a new one."""
SHARES = {"/v1/events": 0.12, "/s/{tag}": 0.2, "/qr/{tag}.{kind}": 0.14, "/{key}/{value}": 0.04}
"""Share of the long form's cases for each operation and mode of a path. Paths without parameters get PLAIN cases; any
text is a valid tag, so that the share of /s/{tag} is for two operations in one mode."""
CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
KEYS = ("till-secret", "till-secret", "till-secret", "web-secret", "mute-secret", "till-secreT")


def operations() -> list[Any]:
    """Every operation of the document, as a generator of requests."""
    schema = schemathesis.openapi.from_dict(json.loads(msgspec.json.encode(build_document())))
    return [result.ok() for result in schema.get_all_operations()]


@pytest.fixture
def acknowledged(bootstrap: str, gateway: GatewayProcess) -> Iterator[set[str]]:
    """Event ids that the test adds when they are acknowledged: at its end exactly these are on the topics."""
    before = asyncio.run(ends(bootstrap))
    ids: set[str] = set()
    yield ids
    asyncio.run(_drained(gateway))
    assert set(asyncio.run(effects(bootstrap, before))) == ids


async def _drained(gateway: GatewayProcess) -> None:
    async with GatewayClient(gateway) as client:
        await wait_until(client.drained)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.label)
def test_every_response_fulfils_the_contract(
    operation: Any, mode: GenerationMode, gateway: GatewayProcess, acknowledged: set[str], long: bool
) -> None:
    share = SHARES.get(operation.path)
    cases = PLAIN if share is None else int(LONG * share) if long else SHORT

    def check_response(case: Case, known_tag: bool, key: str) -> None:
        if known_tag and "tag" in (case.path_parameters or {}):
            case.path_parameters["tag"] = "shelf-1"
        if known_tag and "key" in (case.path_parameters or {}):
            case.path_parameters |= {"key": "01", "value": "04012345678901"}
        headers = {"Authorization": f"Bearer {key}"}
        response = case.call(base_url=gateway.url, headers=headers, allow_redirects=False)
        assert response.status_code < 500 or (response.status_code == 503 and operation.path.startswith("/health/"))
        case.validate_response(response, checks=CHECKS)
        if response.status_code == 202:
            results = response.json()["results"]
            acknowledged.update(one["event_id"] for one in results if one["status"] == "accepted")
        acknowledged.update(response.headers.get("footpath-event", []))

    drawn = given(case=operation.as_strategy(generation_mode=mode), known_tag=st.booleans(), key=st.sampled_from(KEYS))
    first = draw_seed()
    try:
        for portion, at in enumerate(range(0, cases, PORTION)):
            bounds = settings(
                max_examples=min(PORTION, cases - at),
                deadline=None,
                database=None,
                phases=(Phase.explicit, Phase.generate, Phase.shrink),
                suppress_health_check=list(HealthCheck),
            )
            seed(first + portion)(bounds(drawn(check_response)))()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "an operation without parameters has no wrong requests"
