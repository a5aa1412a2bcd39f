"""Requests about data from the brand's servers: acknowledged once Kafka has them, and each key sees its own alone."""

import json
from typing import Any
from uuid import uuid4

import pytest

from gateway.brand.live import BrandView
from schemas.consent.statements import statement_of
from schemas.ids import namespace_of
from schemas.topics import PRIVACY_ANSWERED, TOUCHPOINT_RECEIVED
from tests.support.gateway_process import GatewayClient, read_events, wait_until
from tests.support.privacy_client import address, get, has_status, post, requested, whom
from tests.support.privacy_stream import NOTHING, answer, data_parts, publish, remove_parts
from tests.support.randomness import unique_word


async def test_an_export_is_asked_for_answered_and_fetched(
    client: GatewayClient, bootstrap: str, brand_view: BrandView
) -> None:
    ann, other = address(), address()
    accepted = await post(client, "export", whom(ann, other, ann.upper()))
    assert accepted.status == 202
    request_id = (await accepted.json())["request_id"]
    assert await accepted.json() == {"request_id": request_id, "status": "working", "unknown": []}
    records = sorted(await requested(bootstrap, request_id, 2), key=lambda one: one.number)
    assert [one.identifier for one in records] == [
        brand_view.pseudonyms.identifier("email", one) for one in (ann, other)
    ]
    assert {(one.action, one.scope, one.of, one.source) for one in records} == {("export", "person", 2, "crm")}
    [working] = await read_events(bootstrap, PRIVACY_ANSWERED, lambda e: e.request_id == request_id, 1)
    assert (working.status, working.part, working.body) == ("working", 0, b"")
    assert ann.encode() not in working.detail.encode()
    assert (await get(client, f"{request_id}/data")).status == 409, "not yet"

    await publish(bootstrap, [*data_parts(records[0], NOTHING, 3), answer(records[0], parts=3)])
    state = await has_status(client, request_id, "done")
    assert state["data"] == f"/v1/privacy/requests/{request_id}/data" and state["receipt"] == {}
    file = await get(client, f"{request_id}/data")
    assert file.status == 200 and file.headers["Content-Type"] == "application/json"
    assert file.headers["Content-Disposition"].startswith("attachment") and file.headers["Cache-Control"] == "no-store"
    assert await file.json() == {"request_id": request_id, "scope": "person", **NOTHING}

    await remove_parts(bootstrap, records[0], 3)

    async def gone() -> bool:
        return (await get(client, f"{request_id}/data")).status in (409, 410)

    await wait_until(gone)
    assert (await get(client, request_id)).status == 200, "the receipt stays"


async def test_an_erasure_has_a_receipt(client: GatewayClient, bootstrap: str) -> None:
    accepted = await (await post(client, "erase", whom(address()))).json()
    [record] = await requested(bootstrap, accepted["request_id"])
    await publish(bootstrap, [answer(record, removed={"touchpoint": 7}, hash="ab")])
    state = await has_status(client, record.request_id, "done")
    assert state["receipt"] == {"removed": {"touchpoint": 7}, "hash": "ab"} and "data" not in state
    assert (await get(client, f"{record.request_id}/data")).status == 409


async def test_the_same_request_again_is_one(client: GatewayClient, bootstrap: str) -> None:
    body = whom(address()) | {"request_id": str(uuid4())}
    first = await (await post(client, "erase", body)).json()
    again = await (await post(client, "erase", body)).json()
    assert first == again
    upper = body | {"request_id": body["request_id"].upper()}
    assert await (await post(client, "erase", upper)).json() == first
    assert await (await post(client, "erase", body | {"request_id": first["request_id"]})).json() == first
    ids = {one.event_id for one in await requested(bootstrap, first["request_id"], 3)}
    assert len(ids) == 1, "identity takes it once"
    other = await post(client, "erase", whom(address()) | {"request_id": body["request_id"]})
    assert other.status == 409
    assert (await post(client, "export", body)).status == 409
    [record, *_] = await requested(bootstrap, first["request_id"], 3)
    await publish(bootstrap, [answer(record)])
    await has_status(client, first["request_id"], "done")
    assert (await (await post(client, "erase", body)).json())["status"] == "done"
    assert (await get(client, first["request_id"])).status == 200


async def test_types_that_the_brand_does_not_know_are_kept_with_the_request(
    client: GatewayClient, bootstrap: str
) -> None:
    secret = f"secret-{unique_word()}"
    some = {"identifiers": [{"type": "fax", "value": secret}, {"type": "badge", "value": secret}]}
    accepted = await (await post(client, "erase", some)).json()
    assert accepted["unknown"] == [{"type": "fax"}] and accepted["status"] == "working"
    [record] = await requested(bootstrap, accepted["request_id"])
    assert record.identifier.startswith("badge:") and record.of == 1
    await publish(bootstrap, [answer(record, hash="x")])
    assert (await has_status(client, record.request_id, "done"))["unknown"] == [{"type": "fax"}]

    none = {"identifiers": [{"type": "fax", "value": secret}, {"type": f"{secret}@shop.example", "value": "x"}]}
    accepted = await (await post(client, "export", none)).json()
    assert accepted["status"] == "nobody" and accepted["unknown"] == [{"type": "fax"}, {"type": "*"}]
    state = await (await get(client, accepted["request_id"])).json()
    assert state["status"] == "nobody" and state["unknown"] == accepted["unknown"]
    [kept] = await read_events(bootstrap, PRIVACY_ANSWERED, lambda e: e.request_id == accepted["request_id"], 1)
    detail = json.loads(kept.detail)
    assert [one["type"] for one in detail["unknown"]] == ["fax", "*"] and secret not in kept.detail


async def test_a_statement_is_an_event_like_one_of_the_events_api(
    client: GatewayClient, bootstrap: str, brand_view: BrandView
) -> None:
    ann = address()
    body = whom(ann) | {
        "given": ["identity"], "withdrawn": ["marketing"], "channels": ["sms"], "policy_version": "2",
        "proof": {"text_id": "privacy", "where": "crm"}, "jurisdiction": "DE",
    }  # fmt: skip
    accepted = await (await post(client, "consent", body)).json()
    assert accepted["status"] == "done"
    mine = brand_view.pseudonyms.identifier("email", ann)
    events = await read_events(bootstrap, TOUCHPOINT_RECEIVED, lambda e: e.primary_identifier == mine, 2)
    said = {event.type: statement_of(event) for event in events}
    assert said["consent_given"] is not None and said["consent_withdrawn"] is not None
    assert said["consent_given"].keys == ("identity",) and said["consent_given"].policy_version == "2"
    assert said["consent_withdrawn"].keys == ("marketing/sms",)
    assert {(event.source, namespace_of(event.event_id)) for event in events} == {("crm", "crm")}
    state = await (await get(client, accepted["request_id"])).json()
    assert (state["action"], state["status"]) == ("consent", "done")
    nobody = {"identifiers": [{"type": "fax", "value": "1"}], "withdrawn": ["identity"]}
    assert (await (await post(client, "consent", nobody)).json())["status"] == "nobody"


@pytest.mark.parametrize(
    ("what", "body", "status", "error"),
    [
        ("erase", {"identifiers": []}, 422, "identifiers: "),
        ("erase", {}, 422, "identifiers: is missing"),
        ("erase", {"identifiers": [{"type": "email", "value": "nobody"}]}, 422, "identifiers[0].value: "),
        ("erase", {"identifiers": [{"type": "email", "value": "null"}]}, 422, "identifiers[0].value: is a placeholder"),
        ("erase", {"identifiers": [{"type": "email"}]}, 422, "identifiers[0]: must have either"),
        ("erase", {"identifiers": [{"type": "email", "hash": "x"}]}, 422, "identifiers[0].hash"),
        ("export", {"identifiers": [{"type": "customer", "value": "1"}] * 21}, 422, "identifiers"),
        ("export", whom("a@b.example") | {"scope": "all"}, 422, "scope: is no known field"),
        ("export", whom("a@b.example") | {"request_id": "mine"}, 422, "request_id: must be a UUID"),
        ("consent", whom("a@b.example"), 422, "given: name at least one"),
        ("consent", whom("a@b.example") | {"given": ["everything"]}, 422, "given[0]"),
        ("consent", whom("a@b.example") | {"given": ["identity"], "withdrawn": ["identity"]}, 422, "withdrawn: "),
        ("consent", whom("a@b.example") | {"given": ["identity"]}, 422, "properties.proof"),
        ("consent", whom("a@b.example") | {"withdrawn": ["identity"], "occurred_at": "soon"}, 422, "occurred_at: "),
    ],
)  # fmt: skip
async def test_what_cannot_be_used_names_its_field(
    client: GatewayClient, what: str, body: Any, status: int, error: str
) -> None:
    response = await post(client, what, body)
    assert response.status == status, await response.text()
    assert (await response.json())["error"].startswith(error)


@pytest.mark.parametrize("what", ["export", "erase", "consent"])
async def test_only_a_key_with_the_scope_may_ask(client: GatewayClient, what: str) -> None:
    body = whom(address()) | ({"withdrawn": ["identity"]} if what == "consent" else {})
    assert (await post(client, what, body, key="till-secret")).status == 403, "every kind of event, but no data"
    assert (await post(client, what, body, key="web-secret")).status == 403
    assert (await post(client, what, body, key="of-another-brand")).status == 401
    assert (await client.request("POST", f"/v1/privacy/{what}", json=body)).status == 401
    assert (await post(client, what, body, Origin="https://corner.example")).status == 403, "a page shows its key"
    event = {
        "type": "consent_withdrawn",
        "occurred_at": "2026-03-01T09:30:00Z",
        "properties": {"purposes": ["identity"]},
    }
    assert (await client.send(event, key="crm-secret")).status == 403, "no events with the scope privacy"


async def test_nobody_sees_the_request_of_another(client: GatewayClient, bootstrap: str) -> None:
    mine = (await (await post(client, "export", whom(address()))).json())["request_id"]
    [record] = await requested(bootstrap, mine)
    await publish(bootstrap, [*data_parts(record, NOTHING), answer(record, parts=1)])
    await has_status(client, mine, "done")
    for path in (mine, f"{mine}/data"):
        assert (await get(client, path, key="other-secret")).status == 404
        assert (await get(client, path, key="till-secret")).status == 403
        assert (await get(client, path, key="x")).status == 401
    last = mine[:-1] + ("0" if mine[-1] != "0" else "1")
    for made_up in (last, str(uuid4()), "x", "..%2f..", f"{mine}%00", "0" * 36):
        assert (await get(client, made_up)).status == 404, made_up
    stolen = await post(client, "export", whom(address()) | {"request_id": mine}, key="other-secret")
    assert stolen.status == 202 and (await stolen.json())["request_id"] != mine


async def test_bodies_are_bounded(client: GatewayClient) -> None:
    huge = whom("a@b.example") | {"request_id": "x" * 100_000}
    assert (await post(client, "erase", huge)).status == 413
    headers = {"Authorization": "Bearer crm-secret", "Content-Type": "application/json"}
    for raw, status in ((b"{", 400), (b"[]", 400), (b"\xff", 400), (b"[" * 50_000, 400)):
        response = await client.request("POST", "/v1/privacy/erase", data=raw, headers=headers)
        assert response.status == status, raw[:10]
    text = await client.request(
        "POST", "/v1/privacy/erase", data=b"{}", headers=headers | {"Content-Type": "text/plain"}
    )
    assert text.status == 415
