"""Profiles for programs: what the person allows, written down each time, and nothing for whoever has no business."""

from typing import Any
from urllib.parse import quote

import pytest

from gateway.brand.live import BrandView
from schemas.events import ProfileShown
from schemas.topics import PRIVACY_REQUESTED, PROFILE_SHOWN
from tests.support.gateway_process import GatewayClient, read_events, wait_until
from tests.support.privacy_client import address
from tests.support.privacy_stream import answering, erased, publish
from tests.support.profiles import ALLOWED, REFUSED, answered, unknown


async def look(
    client: GatewayClient, value: str, key: str = "tablet-secret", kind: str = "email", **headers: str
) -> Any:
    headers = {"Authorization": f"Bearer {key}", **headers}
    return await client.request("GET", f"/v1/people/{kind}/{quote(value, safe='')}/profile", headers=headers)


async def looks(bootstrap: str, identifier: str, count: int = 1) -> list[ProfileShown]:
    return await read_events(bootstrap, PROFILE_SHOWN, lambda e: e.identifier == identifier, count)


async def test_a_profile_is_shown_and_written_down(
    client: GatewayClient, bootstrap: str, brand_view: BrandView
) -> None:
    ann = address()
    mine = brand_view.pseudonyms.identifier("email", ann)
    async with answering(bootstrap, answered(ALLOWED)):
        response = await look(client, ann)
        assert response.status == 200, await response.text()
        profile = await response.json()
    assert response.headers["Cache-Control"] == "no-store"
    assert profile["interests"]["products"][0] == {
        "product": "tea", "name": "Tea", "category": "drinks", "times": 3, "at": "2026-09-21T14:23:20Z",
    }  # fmt: skip
    assert profile["interests"]["categories"] == ["drinks"] and profile["purchases"][0]["categories"] == [
        "Pencil",
        "drinks",
    ]
    assert (profile["balance"], profile["offers"][0]["route"], profile["allowed"]) == (42, "shop", True)
    assert profile["visit"]["store"] == "mitte" and profile["expires_at"] > profile["made_at"]
    assert mine not in await response.text() and ann not in await response.text()

    [written] = await looks(bootstrap, mine)
    assert (written.source, written.via, written.outcome) == ("tablet", "api", "shown")
    [request] = await read_events(bootstrap, PRIVACY_REQUESTED, lambda e: e.identifier == mine, 1)
    assert (request.action, request.scope, request.source) == ("profile", "person", "tablet")
    assert request.request_id == written.request_id


async def test_asking_twice_is_one_look(client: GatewayClient, bootstrap: str, brand_view: BrandView) -> None:
    ann = address()
    async with answering(bootstrap, answered(ALLOWED)):
        first, again = [await (await look(client, spelt)).json() for spelt in (ann, f" {ann.upper()}")]
    if first == again:  # else twenty seconds ended between them
        written = await looks(bootstrap, brand_view.pseudonyms.identifier("email", ann), 2)
        assert written[0] == written[1]


async def test_nobody_finds_out_whether_a_number_is_known(
    client: GatewayClient, bootstrap: str, brand_view: BrandView
) -> None:
    ann, nobody = address(), address()
    async with answering(bootstrap, answered(REFUSED)):
        refused = await look(client, ann)
    async with answering(bootstrap, unknown):
        missing = await look(client, nobody)
    assert (refused.status, await refused.json()) == (missing.status, await missing.json()) == (200, REFUSED)
    for value, outcome in ((ann, "refused"), (nobody, "nobody")):
        [written] = await looks(bootstrap, brand_view.pseudonyms.identifier("email", value))
        assert written.outcome == outcome


async def test_only_keys_with_the_scope_see_anything(client: GatewayClient, bootstrap: str) -> None:
    ann = address()
    for key, status in (("till", 403), ("web", 403), ("mute", 403), ("crm", 403), ("of-another-brand", 401)):
        assert (await look(client, ann, key=f"{key}-secret")).status == status, key
    assert (await client.request("GET", f"/v1/people/email/{ann}/profile")).status == 401
    assert (await look(client, ann, Origin="https://corner.example")).status == 403, "a page shows its key"
    async with answering(bootstrap, answered(ALLOWED)):
        assert (await look(client, ann, key="sync-secret")).status == 200, "a system that knows customers"
    event = {"type": "staff_note", "occurred_at": "2026-03-01T09:30:00Z", "identifiers": []}
    assert (await client.send(event, key="tablet-secret")).status == 403, "a key of staff sends no events"


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        ("fax", "1", "type: "), ("email", "nobody", "value: "), ("email", "null", "value: is a placeholder"),
        ("phone", "++", "value: "), ("customer", " ", "value: "), ("badge", "x" * 10_000, "value: "),
    ],
)  # fmt: skip
async def test_what_is_no_identifier_is_said(client: GatewayClient, kind: str, value: str, error: str) -> None:
    response = await look(client, value, kind=kind)
    assert response.status == 422 and (await response.json())["error"].startswith(error)


async def test_any_character_may_be_in_a_number(client: GatewayClient, bootstrap: str, brand_view: BrandView) -> None:
    for value in ("a/b", "50%", "größe", "a/profile"):
        async with answering(bootstrap, answered(ALLOWED)):
            assert (await look(client, value, kind="badge")).status == 200
        [written] = await looks(bootstrap, brand_view.pseudonyms.identifier("badge", value))
        assert written.outcome == "shown"


async def test_who_was_erased_is_somebody_else(client: GatewayClient, bootstrap: str, brand_view: BrandView) -> None:
    ann = address()
    mine = brand_view.pseudonyms.identifier("email", ann)
    async with answering(bootstrap, answered(ALLOWED)):
        await look(client, ann)
    [request] = await read_events(bootstrap, PRIVACY_REQUESTED, lambda e: e.identifier == mine, 1)
    await publish(bootstrap, [erased(request)])
    async with answering(
        bootstrap, lambda request: answered(ALLOWED)(request) if request.identifier == mine else unknown(request)
    ):

        async def nothing() -> bool:
            return bool(await (await look(client, ann)).json() == REFUSED)

        await wait_until(nothing)
