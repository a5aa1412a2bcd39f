"""The fault: bodies that are huge, deep, compressed, with extreme numbers, or expensive to scrub.

The promise: a refusal or a result for each event, never a server error, and other requests are answered meanwhile.
"""

import asyncio
import gzip
import json
import time
from typing import Any

import pytest

from tests.support.gateway_process import GatewayClient, GatewayProcess, page_view

HEADERS = {"Authorization": "Bearer till-secret", "Content-Type": "application/json"}
GZIP = {**HEADERS, "Content-Encoding": "gzip"}
WAIT_S = 5.0
"""The longest that other requests may wait. Scrubbing in more than linear time would hold them for minutes; a machine
that runs tests is busy."""


def batch_of_one(**fields: Any) -> bytes:
    return json.dumps({"events": [page_view(**fields)]}).encode()


def with_member(text: bytes) -> bytes:
    """A batch of one event that has this JSON as a member of its properties."""
    return batch_of_one(properties={"odd": "HERE"}).replace(b'"HERE"', text)


REFUSED = {
    "a bomb in a bomb": (gzip.compress(gzip.compress(bytes(50_000_000))), GZIP, {400}),
    "two packed bodies": (gzip.compress(batch_of_one()) + gzip.compress(batch_of_one()), GZIP, {400}),
    "packed twice over": (batch_of_one(), {**HEADERS, "Content-Encoding": "gzip, gzip"}, {415}),
    "a bomb": (gzip.compress(bytes(500_000_000), 1), GZIP, {400, 413}),
    "brackets for a megabyte": (b"[" * 1_000_000, HEADERS, {400}),
    "braces for a megabyte": (b'{"a":' * 200_000, HEADERS, {400}),
    "a member that is no UTF-8": (b'{"o\x81":1,"events":[]}', HEADERS, {400}),
    "a text that never ends": (b'{"events":["' + b"x" * 900_000, HEADERS, {400}),
    "half a surrogate pair as a member": (b'{"\\ud800":1}', HEADERS, {400}),
    "UTF-16": ('{"events":[]}'.encode("utf-16"), HEADERS, {400}),
    "events of the wrong kind": (b'{"events":{"0":{}}}', HEADERS, {400}),
}
ODD_EVENTS = {
    "an event in 100,000 brackets": with_member(b"[" * 30_000 + b"]" * 30_000),
    "an event in braces": with_member(b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    "a number of 60,000 digits": with_member(b"9" * 60_000),
    "an exponent of nine digits": with_member(b"1e999999999"),
    "a fraction of nine digits' exponent": with_member(b"1e-999999999"),
    "no number": with_member(b"NaN"),
    "no UTF-8": with_member(b'"\xff\xfe"'),
    "half a surrogate pair": with_member(b'"\\ud800"'),
    "zero bytes": with_member(b'"' + b"\\u0000" * 5_000 + b'"'),
    "one member 10,000 times": with_member(b"{" + b",".join([b'"a":1'] * 10_000) + b"}"),
    "10,000 identifiers": batch_of_one(
        identifiers=[{"type": "email", "value": f"{n}@b.example"} for n in range(2_000)]
    ),
    "an amount beyond all money": batch_of_one(type="sale", properties={"amount": "9" * 60_000}),
    "the year ten thousand": batch_of_one(occurred_at="10000-01-01T00:00:00Z"),
    "a second too many": batch_of_one(occurred_at="2016-12-31T23:59:60Z"),
    "the last instant": batch_of_one(occurred_at="9999-12-31T23:59:59.999999-23:59"),
    "the first instant": batch_of_one(occurred_at="0001-01-01T00:00:00+23:59"),
    "an event that is null": b'{"events":[null,[],7,"x",{}]}',
}


@pytest.mark.parametrize("shape", REFUSED)
async def test_a_body_that_is_no_batch_is_refused(gateway: GatewayProcess, shape: str) -> None:
    body, headers, expected = REFUSED[shape]
    async with GatewayClient(gateway) as client:
        response = await client.request("POST", "/v1/events", data=body, headers=headers)
        assert response.status in expected and (await response.json())["error"]


@pytest.mark.parametrize("shape", ODD_EVENTS)
async def test_an_odd_event_gets_a_result(gateway: GatewayProcess, shape: str) -> None:
    async with GatewayClient(gateway) as client:
        response = await client.request("POST", "/v1/events", data=ODD_EVENTS[shape], headers=HEADERS)
        assert response.status in (202, 400), await response.text()
        if response.status == 202:
            assert {one["status"] for one in (await response.json())["results"]} <= {"rejected", "accepted"}


@pytest.mark.parametrize("shape", ["030/1234567/", "2026-01-01 ", "a@b.example ", "1 "])
async def test_events_that_are_expensive_to_scrub_do_not_delay_other_requests(
    gateway: GatewayProcess, shape: str
) -> None:
    long_text = shape * (60_000 // len(shape))
    batch = {"events": [page_view(unknown=1, properties={"text": long_text}) for _ in range(3)]}
    async with GatewayClient(gateway) as sender, GatewayClient(gateway) as other:
        headers = {**HEADERS, "Connection": "close"}
        sending = asyncio.create_task(sender.request("POST", "/v1/events", data=json.dumps(batch), headers=headers))
        longest = 0.0
        while not sending.done():
            began = time.monotonic()
            assert (await other.request("GET", "/health/live")).status == 200
            longest = max(longest, time.monotonic() - began)
            await asyncio.sleep(0.01)
        assert (await sending).status == 202
        assert longest < WAIT_S
