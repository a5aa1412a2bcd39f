"""The batch API on a real Kafka: a verdict for each event, and what the topics hold afterwards."""

import gzip
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientPayloadError

from schemas.topics import COST_REPORTED, EVENT_REJECTED, STOCK_REPORTED, TOUCHPOINT_RECORDED
from tests.gateway.street import Phone, page_view, read_back, sale
from tests.randomness import unique_word

HEADERS = {"Authorization": "Bearer till-secret", "Content-Type": "application/json"}


async def test_a_batch_gets_a_verdict_for_each_event_in_order(phone: Phone, street: str) -> None:
    first, second, store = str(uuid4()), str(uuid4()), unique_word()
    stock = page_view(type="stock_reported", store=store, properties={"sku": "tea", "quantity": 3})
    answer = await phone.send(
        sale(event_id=first), page_view(event_id=second, colour="red"), page_view(event_id=first.upper()), stock
    )
    assert answer.status == 202
    results = (await answer.json())["results"]
    assert [(one["event_id"], one["status"], one["reason"]) for one in results[:3]] == [
        (first, "accepted", ""), (second, "rejected", "colour: is no known field"), (first, "duplicate", ""),
    ]  # fmt: skip
    assert results[3]["status"] == "accepted"
    (sold,) = await read_back(street, TOUCHPOINT_RECORDED, lambda e: e.event_id == first, 1)
    assert (sold.type, sold.amount_micros, sold.currency, sold.source) == ("sale", 12_500_000, "EUR", "till")
    (refused,) = await read_back(street, EVENT_REJECTED, lambda e: e.source_event_id == second, 1)
    assert (refused.stage, refused.reason, refused.field) == ("gateway", "malformed", "colour")
    assert json.loads(refused.raw)["colour"] == "red" and refused.topic == "" and refused.offset == -1
    (shelf,) = await read_back(street, STOCK_REPORTED, lambda e: e.store == store, 1)
    assert (shelf.sku, shelf.quantity) == ("tea", 3)


async def test_a_retry_is_answered_without_publishing_again(phone: Phone, street: str) -> None:
    event = page_view(event_id=str(uuid4()))
    assert await phone.verdicts(event) == [("accepted", "")]
    assert await phone.verdicts(event, event) == [("duplicate", "")] * 2
    last = page_view(event_id=str(uuid4()))
    await phone.verdicts(last)
    ids = [event["event_id"], last["event_id"]]
    found = await read_back(street, TOUCHPOINT_RECORDED, lambda e: e.event_id in ids, 2)
    assert [one.event_id for one in found] == ids


async def test_a_cost_that_is_stated_anew_is_taken_even_as_it_was_before(phone: Phone, street: str) -> None:
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
    assert await phone.verdicts(first, second, first) == [("accepted", "")] * 3
    found = await read_back(street, COST_REPORTED, lambda e: e.campaign == campaign, 3)
    assert [one.amount_micros for one in found] == [100_000_000, 120_000_000, 100_000_000]


@pytest.mark.parametrize("count", [1, 31, 32, 1000])
async def test_every_size_of_batch_keeps_a_senders_order(phone: Phone, street: str, count: int) -> None:
    run = unique_word()
    events = [page_view(person=run, event_id=f"{run}-{number}") for number in range(count)]
    assert await phone.verdicts(*events) == [("accepted", "")] * count
    found = await read_back(street, TOUCHPOINT_RECORDED, lambda e: e.event_id.startswith(run), count)
    assert [one.event_id for one in found] == [f"{run}-{number}" for number in range(count)]


@pytest.mark.parametrize(
    ("key", "status"), [("till-secret", 202), ("mute-secret", 403), ("nobody", 401), ("", 401), ("käse", 401)]
)
async def test_only_a_known_key_with_a_scope_may_send(phone: Phone, key: str, status: int) -> None:
    answer = await phone.send(page_view(), key=key)
    assert answer.status == status
    if status == 401:
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_web_key_cannot_mint_sales(phone: Phone) -> None:
    verdicts = await phone.verdicts(sale(), page_view(), key="web-secret")
    assert verdicts == [("rejected", "type: may not be sent with this key"), ("accepted", "")]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b"[]", 400), (b'{"events":7}', 400), (b'{"events":[],"x":1}', 400),
        (b"\xff\xfe", 400),
        (b'{"events":[]}', 202), (b'{"events":[' + b"1," * 1000 + b"1]}", 413), (b" " * 1_100_000, 413),
        (b'{"events":' + b"[" * 100_000, 400),
    ],
)  # fmt: skip
async def test_a_body_that_is_no_batch_is_refused_with_a_message(phone: Phone, body: bytes, status: int) -> None:
    answer = await phone.ask("POST", "/v1/events", data=body, headers=HEADERS)
    assert answer.status == status
    assert status == 202 or (await answer.json())["error"]


async def test_a_chunked_body_is_measured_while_it_comes(phone: Phone) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1_000):
            yield b" " * 65_536

    try:
        answer = await phone.ask("POST", "/v1/events", data=endless(), headers=HEADERS)
        assert answer.status == 413
    except (OSError, ClientPayloadError):  # refused while it was still sending, before the answer could be read
        pass
    assert await phone.verdicts(page_view()) == [("accepted", "")]


async def test_gzip_is_taken_within_the_same_bound(phone: Phone) -> None:
    async def post(body: bytes, **headers: str) -> int:
        packed = HEADERS | {"Content-Encoding": "gzip"} | headers
        return (await phone.ask("POST", "/v1/events", data=body, headers=packed)).status

    batch = json.dumps({"events": [page_view()]}).encode()
    assert await post(gzip.compress(batch)) == 202
    assert await post(gzip.compress(b" " * 50_000_000)) == 413
    assert await post(gzip.compress(batch)[:-4]) == 400
    assert await post(gzip.compress(batch) + b"tail") == 400
    assert await post(b"no gzip") == 400
    assert await post(batch, **{"Content-Encoding": "br"}) == 415
    assert await post(batch, **{"Content-Type": "text/plain"}) == 415


async def test_a_key_has_its_own_rate(phone: Phone) -> None:
    answers = [await phone.send(page_view(), page_view(), key="slow-secret") for _ in range(3)]
    assert answers[0].status == 202 and answers[-1].status == 429
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 3
    assert (await phone.send(page_view())).status == 202


async def test_bad_text_is_one_events_matter(phone: Phone) -> None:
    def with_store(store: bytes) -> bytes:
        return json.dumps(page_view(store="HERE")).encode().replace(b'"HERE"', store)

    events = [with_store(b'"\xff"'), with_store(b'"\\ud800"'), with_store(b"NaN"), with_store(b'"mitte"')]
    body = b'{"events":[' + b",".join(events) + b"]}"
    answer = await phone.ask("POST", "/v1/events", data=body, headers=HEADERS)
    results: list[dict[str, Any]] = (await answer.json())["results"]
    assert [one["status"] for one in results] == ["rejected"] * 3 + ["accepted"]
    assert all(one["reason"].startswith("store: ") for one in results[:3])


async def test_no_raw_address_reaches_a_topic(phone: Phone, street: str) -> None:
    run = unique_word()
    secret = f"{run}@corner.example"
    people = [{"type": "email", "value": secret}]
    await phone.verdicts(
        page_view(event_id=f"{run}-a", identifiers=people, campaign=secret, properties={secret: [secret]}),
        page_view(event_id=f"{run}-b", identifiers=people, extra=secret),
    )
    (taken,) = await read_back(street, TOUCHPOINT_RECORDED, lambda e: e.event_id == f"{run}-a", 1)
    (refused,) = await read_back(street, EVENT_REJECTED, lambda e: e.source_event_id == f"{run}-b", 1)
    assert secret not in repr(taken) and secret not in repr(refused)
