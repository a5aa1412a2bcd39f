"""Requests about data as a brand's server sends them."""

from typing import Any

from schemas.events import PrivacyRequested
from schemas.topics import PRIVACY_REQUESTED
from tests.support.gateway_process import GatewayClient, read_events, wait_until
from tests.support.randomness import unique_word


async def post(client: GatewayClient, what: str, body: Any, key: str = "crm-secret", **headers: str) -> Any:
    headers = {"Authorization": f"Bearer {key}", **headers}
    return await client.request("POST", f"/v1/privacy/{what}", json=body, headers=headers)


async def get(client: GatewayClient, path: str, key: str = "crm-secret") -> Any:
    return await client.request("GET", f"/v1/privacy/requests/{path}", headers={"Authorization": f"Bearer {key}"})


def whom(*values: str) -> dict[str, Any]:
    return {"identifiers": [{"type": "email", "value": value} for value in values]}


def address() -> str:
    return f"{unique_word()}@shop.example"


async def requested(bootstrap: str, request_id: str, count: int = 1) -> list[PrivacyRequested]:
    return await read_events(bootstrap, PRIVACY_REQUESTED, lambda e: e.request_id == request_id, count)


async def has_status(client: GatewayClient, request_id: str, status: str) -> dict[str, Any]:
    state: dict[str, Any] = {}

    async def holds() -> bool:
        nonlocal state
        state = await (await get(client, request_id)).json()
        return bool(state.get("status") == status)

    await wait_until(holds)
    return state
