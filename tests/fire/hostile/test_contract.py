"""The fault: whatever can be made up from the OpenAPI document, right and wrong, is sent to a gateway.

The promise: no server error, every answer as the document says, and on the topics exactly what was acknowledged.
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

from gateway.openapi import build_document
from tests.fire.hostile.topics import effects, ends
from tests.fire.seeds import draw_seed
from tests.gateway.street import GatewayProcess, Phone, until

SHORT, LONG, PLAIN = 20, 100_000, 2
PORTION = 500
"""Cases drawn in one go: hypothesis remembers all of them, and is ever slower to find one that it has not had."""
SHARES = {"/v1/events": 0.12, "/s/{tag}": 0.2, "/qr/{tag}.{kind}": 0.18}
"""Of the long form's cases, for each operation and mode of a path. The others, without parameters, get PLAIN cases;
there is no wrong tag, so that its share is for two operations in one mode."""
KEPT = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
KEYS = ("till-secret", "till-secret", "till-secret", "web-secret", "mute-secret", "till-secreT")


def operations() -> list[Any]:
    """Every operation of the document, as something that makes up requests."""
    schema = schemathesis.openapi.from_dict(json.loads(msgspec.json.encode(build_document())))
    return [result.ok() for result in schema.get_all_operations()]


@pytest.fixture
def acknowledged(street: str, gateway: GatewayProcess) -> Iterator[set[str]]:
    """Ids that the test was told are recorded: at its end exactly these are on the topics."""
    before = asyncio.run(ends(street))
    told: set[str] = set()
    yield told
    asyncio.run(_drained(gateway))
    assert set(asyncio.run(effects(street, before))) == told


async def _drained(gateway: GatewayProcess) -> None:
    async with Phone(gateway) as phone:
        await until(phone.drained)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.label)
def test_nothing_that_is_sent_breaks_the_contract(
    operation: Any, mode: GenerationMode, gateway: GatewayProcess, acknowledged: set[str], long: bool
) -> None:
    share = SHARES.get(operation.path)
    cases = PLAIN if share is None else int(LONG * share) if long else SHORT

    def keeps_to_it(case: Case, known_tag: bool, key: str) -> None:
        if known_tag and "tag" in (case.path_parameters or {}):
            case.path_parameters["tag"] = "shelf-1"
        headers = {"Authorization": f"Bearer {key}"}
        answer = case.call(base_url=gateway.url, headers=headers, allow_redirects=False)
        assert answer.status_code < 500 or (answer.status_code == 503 and operation.path == "/health/ready")
        case.validate_response(answer, checks=KEPT)
        if answer.status_code == 202:
            results = answer.json()["results"]
            acknowledged.update(one["event_id"] for one in results if one["status"] == "accepted")
        acknowledged.update(answer.headers.get("footpath-event", []))

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
            seed(first + portion)(bounds(drawn(keeps_to_it)))()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "an operation without parameters has no wrong requests"
