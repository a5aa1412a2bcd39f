"""The events API on a real Kafka: a result for each event, and the records on the topics afterwards."""

import gzip
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientPayloadError

from gateway.events_api.rejects import read_received
from schemas.topics import COST_REPORTED, EVENT_REJECTED, STOCK_REPORTED, TOUCHPOINT_RECEIVED
from tests.support.gateway_process import GatewayClient, page_view, read_events, sale
from tests.support.randomness import unique_word
from tests.support.reject_keys import reveal

HEADERS = {"Authorization": "Bearer till-secret", "Content-Type": "application/json"}


async def test_a_batch_gets_a_result_for_each_event_in_order(client: GatewayClient, bootstrap: str) -> None:
    first, second, store = str(uuid4()), str(uuid4()), unique_word()
    stock = page_view(type="stock_reported", store=store, properties={"sku": "tea", "quantity": 3})
    response = await client.send(
        sale(event_id=first), page_view(event_id=second, colour="red"), page_view(event_id=first.upper()), stock
    )
    assert response.status == 202
    results = (await response.json())["results"]
    assert [(one["event_id"], one["status"], one["reason"]) for one in results[:3]] == [
        (first, "accepted", ""),
        (second, "rejected", "colour: is no known field"),
        (first, "conflict", "event_id: another event was sent under this id before"),
    ]  # fmt: skip
    assert results[3]["status"] == "accepted"
    (sold,) = await read_events(bootstrap, TOUCHPOINT_RECEIVED, lambda e: e.event_id == f"till/{first}", 1)
    assert (sold.type, sold.amount_micros, sold.currency, sold.source) == ("sale", 12_500_000, "EUR", "till")
    (rejected,) = await read_events(bootstrap, EVENT_REJECTED, lambda e: e.source_event_id == f"till/{second}", 1)
    assert (rejected.stage, rejected.reason, rejected.field) == ("gateway", "malformed", "*")
    text = read_received(reveal(rejected.raw)).text
    assert json.loads(text)["colour"] == "red" and rejected.topic == "" and rejected.offset == -1
    (other,) = await read_events(bootstrap, EVENT_REJECTED, lambda e: e.source_event_id == f"till/{first}", 1)
    assert (other.stage, other.reason, other.field) == ("gateway", "conflict", "event_id")
    assert json.loads(read_received(reveal(other.raw)).text)["type"] == "page_view"
    (shelf,) = await read_events(bootstrap, STOCK_REPORTED, lambda e: e.store == store, 1)
    assert (shelf.sku, shelf.quantity) == ("tea", 3)


async def test_a_retry_is_answered_without_publishing_again(client: GatewayClient, bootstrap: str) -> None:
    event = page_view(event_id=str(uuid4()))
    assert await client.results(event) == [("accepted", "")]
    assert await client.results(event, event) == [("duplicate", "")] * 2
    last = page_view(event_id=str(uuid4()))
    await client.results(last)
    ids = [f"till/{event['event_id']}", f"till/{last['event_id']}"]
    found = await read_events(bootstrap, TOUCHPOINT_RECEIVED, lambda e: e.event_id in ids, 2)
    assert sorted(one.event_id for one in found) == sorted(ids)


async def test_a_cost_that_repeats_an_earlier_statement_is_accepted(client: GatewayClient, bootstrap: str) -> None:
    campaign = unique_word()
    first, second = (
        {
            "event_id": f"{campaign}-{amount}",
            "type": "cost_reported",
            "occurred_at": "2026-03-01T00:00:00Z",
            "campaign": campaign,
            "properties": {"amount": amount},
        }
        for amount in ("100", "120")
    )
    assert await client.results(first, second, first) == [("accepted", "")] * 3
    found = await read_events(bootstrap, COST_REPORTED, lambda e: e.campaign == campaign, 3)
    assert [one.amount_micros for one in found] == [100_000_000, 120_000_000, 100_000_000]


@pytest.mark.parametrize("count", [1, 31, 32, 1000])
async def test_every_size_of_batch_is_published_as_a_whole(client: GatewayClient, bootstrap: str, count: int) -> None:
    run = unique_word()
    events = [page_view(person=run, event_id=f"{run}-{number}") for number in range(count)]
    assert await client.results(*events) == [("accepted", "")] * count
    found = await read_events(bootstrap, TOUCHPOINT_RECEIVED, lambda e: e.event_id.startswith(f"till/{run}"), count)
    assert {one.event_id for one in found} == {f"till/{run}-{number}" for number in range(count)}


@pytest.mark.parametrize(
    ("key", "status"), [("till-secret", 202), ("mute-secret", 403), ("nobody", 401), ("", 401), ("käse", 401)]
)
async def test_only_a_known_key_with_a_scope_may_send(client: GatewayClient, key: str, status: int) -> None:
    response = await client.send(page_view(), key=key)
    assert response.status == status
    if status == 401:
        assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_a_web_key_cannot_mint_sales(client: GatewayClient) -> None:
    view = page_view(identifiers=[{"type": "device", "value": "phone-1"}])
    results = await client.results(sale(), view, key="web-secret")
    assert results == [("rejected", "type: may not be sent with this key"), ("accepted", "")]


async def test_a_page_of_the_brand_may_send_what_pages_send(client: GatewayClient) -> None:
    """With a key that may send more."""
    page = {"Origin": "https://corner.example"}
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    preflight = await client.request("OPTIONS", "/v1/events", headers=page | ask)
    assert preflight.status == 204 and preflight.headers["Access-Control-Allow-Methods"] == "POST"
    assert "authorization" in preflight.headers["Access-Control-Allow-Headers"]
    view = page_view(identifiers=[{"type": "device", "value": "phone-1"}])
    body = json.dumps({"events": [view, sale()]}).encode()
    sent = await client.request("POST", "/v1/events", data=body, headers=HEADERS | page)
    assert [one["reason"] for one in (await sent.json())["results"]] == ["", "type: may not be sent by a web page"]
    nobody = await client.request("POST", "/v1/events", data=body, headers=page)
    assert nobody.status == 401
    for response in (preflight, sent, nobody):
        assert response.headers["Access-Control-Allow-Origin"] == page["Origin"]
        assert response.headers["Vary"] == "Origin"


async def test_a_page_of_somebody_else_may_not_send(client: GatewayClient) -> None:
    page = {"Origin": "https://corner.example.evil", "Access-Control-Request-Method": "POST"}
    body = json.dumps({"events": [page_view()]}).encode()
    asked = await client.request("OPTIONS", "/v1/events", headers=page)
    sent = await client.request("POST", "/v1/events", data=body, headers=HEADERS | page)
    assert (asked.status, sent.status) == (405, 403)
    assert "Access-Control-Allow-Origin" not in {**asked.headers, **sent.headers}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b"[]", 400), (b'{"events":7}', 400), (b'{"events":[],"x":1}', 400),
        (b"\xff\xfe", 400),
        (b'{"events":[]}', 202), (b'{"events":[' + b"1," * 1000 + b"1]}", 413), (b" " * 1_100_000, 413),
        (b'{"events":' + b"[" * 100_000, 400),
    ],
)  # fmt: skip
async def test_a_body_that_is_no_batch_is_refused_with_a_message(
    client: GatewayClient, body: bytes, status: int
) -> None:
    response = await client.request("POST", "/v1/events", data=body, headers=HEADERS)
    assert response.status == status
    assert status == 202 or (await response.json())["error"]


async def test_a_chunked_body_is_measured_while_it_comes(client: GatewayClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1_000):
            yield b" " * 65_536

    try:
        response = await client.request("POST", "/v1/events", data=endless(), headers=HEADERS)
        assert response.status == 413
    except (OSError, ClientPayloadError):  # refused while it was still sending, before the response could be read
        pass
    assert await client.results(page_view()) == [("accepted", "")]


async def test_gzip_is_taken_within_the_same_bound(client: GatewayClient) -> None:
    async def post(body: bytes, **headers: str) -> int:
        packed = HEADERS | {"Content-Encoding": "gzip"} | headers
        return (await client.request("POST", "/v1/events", data=body, headers=packed)).status

    batch = json.dumps({"events": [page_view()]}).encode()
    assert await post(gzip.compress(batch)) == 202
    assert await post(gzip.compress(b" " * 50_000_000)) == 413
    assert await post(gzip.compress(batch)[:-4]) == 400
    assert await post(gzip.compress(batch) + b"tail") == 400
    assert await post(b"no gzip") == 400
    assert await post(batch, **{"Content-Encoding": "br"}) == 415
    assert await post(batch, **{"Content-Type": "text/plain"}) == 415


async def test_a_key_has_its_own_rate(client: GatewayClient) -> None:
    responses = [await client.send(page_view(), page_view(), key="slow-secret") for _ in range(3)]
    assert responses[0].status == 202 and responses[-1].status == 429
    assert 1 <= int(responses[-1].headers["Retry-After"]) <= 3
    assert (await client.send(page_view())).status == 202


async def test_illegal_text_rejects_only_its_event(client: GatewayClient) -> None:
    def with_store(store: bytes) -> bytes:
        return json.dumps(page_view(store="HERE")).encode().replace(b'"HERE"', store)

    events = [with_store(b'"\xff"'), with_store(b'"\\ud800"'), with_store(b"NaN"), with_store(b'"mitte"')]
    body = b'{"events":[' + b",".join(events) + b"]}"
    response = await client.request("POST", "/v1/events", data=body, headers=HEADERS)
    results: list[dict[str, Any]] = (await response.json())["results"]
    assert [one["status"] for one in results] == ["rejected"] * 3 + ["accepted"]
    assert all(one["reason"].startswith("store: ") for one in results[:3])


async def test_no_raw_address_reaches_a_topic(client: GatewayClient, bootstrap: str) -> None:
    run = unique_word()
    secret = f"{run}@corner.example"
    people = [{"type": "email", "value": secret}]
    await client.results(
        page_view(event_id=f"{run}-a", identifiers=people, campaign=secret, properties={secret: [secret]}),
        page_view(event_id=f"{run}-b", identifiers=people, extra=secret),
    )
    (accepted,) = await read_events(bootstrap, TOUCHPOINT_RECEIVED, lambda e: e.event_id == f"till/{run}-a", 1)
    (rejected,) = await read_events(bootstrap, EVENT_REJECTED, lambda e: e.source_event_id == f"till/{run}-b", 1)
    assert secret not in repr(accepted) and secret not in repr(rejected)
