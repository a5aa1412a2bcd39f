"""The fault: bodies that are huge, deep, packed, endless in their numbers, or costly to look at.

The promise: a refusal or a verdict for each event, never a server error, and others are answered meanwhile.
"""

import asyncio
import gzip
import json
import time
from typing import Any

import pytest

from tests.gateway.street import GatewayProcess, Phone, page_view

HEADERS = {"Authorization": "Bearer till-secret", "Content-Type": "application/json"}
PACKED = {**HEADERS, "Content-Encoding": "gzip"}
WAIT_S = 0.75
"""The longest that others may wait for the gateway's attention; a scan's whole time is a quarter of a second, and
a machine of tests is busy."""


def one(**fields: Any) -> bytes:
    return json.dumps({"events": [page_view(**fields)]}).encode()


def inside(text: bytes) -> bytes:
    """An event with this JSON as a member of its properties."""
    return one(properties={"odd": "HERE"}).replace(b'"HERE"', text)


REFUSED = {
    "a bomb in a bomb": (gzip.compress(gzip.compress(bytes(50_000_000))), PACKED, {400}),
    "two packed bodies": (gzip.compress(one()) + gzip.compress(one()), PACKED, {400}),
    "packed twice over": (one(), {**HEADERS, "Content-Encoding": "gzip, gzip"}, {415}),
    "a bomb": (gzip.compress(bytes(500_000_000), 1), PACKED, {400, 413}),
    "brackets for a megabyte": (b"[" * 1_000_000, HEADERS, {400}),
    "braces for a megabyte": (b'{"a":' * 200_000, HEADERS, {400}),
    "a member that is no UTF-8": (b'{"o\x81":1,"events":[]}', HEADERS, {400}),
    "a text that never ends": (b'{"events":["' + b"x" * 900_000, HEADERS, {400}),
    "half a surrogate pair as a member": (b'{"\\ud800":1}', HEADERS, {400}),
    "UTF-16": ('{"events":[]}'.encode("utf-16"), HEADERS, {400}),
    "events of the wrong kind": (b'{"events":{"0":{}}}', HEADERS, {400}),
}
JUDGED = {
    "an event in 100,000 brackets": inside(b"[" * 30_000 + b"]" * 30_000),
    "an event in braces": inside(b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    "a number of 60,000 digits": inside(b"9" * 60_000),
    "an exponent of nine digits": inside(b"1e999999999"),
    "a fraction of nine digits' exponent": inside(b"1e-999999999"),
    "no number": inside(b"NaN"),
    "no UTF-8": inside(b'"\xff\xfe"'),
    "half a surrogate pair": inside(b'"\\ud800"'),
    "zero bytes": inside(b'"' + b"\\u0000" * 5_000 + b'"'),
    "one member 10,000 times": inside(b"{" + b",".join([b'"a":1'] * 10_000) + b"}"),
    "10,000 identifiers": one(identifiers=[{"type": "email", "value": f"{n}@b.example"} for n in range(2_000)]),
    "an amount beyond all money": one(type="sale", properties={"amount": "9" * 60_000}),
    "the year ten thousand": one(occurred_at="10000-01-01T00:00:00Z"),
    "a second too many": one(occurred_at="2016-12-31T23:59:60Z"),
    "the last instant": one(occurred_at="9999-12-31T23:59:59.999999-23:59"),
    "the first instant": one(occurred_at="0001-01-01T00:00:00+23:59"),
    "an event that is null": b'{"events":[null,[],7,"x",{}]}',
}


@pytest.mark.parametrize("shape", REFUSED)
async def test_a_body_that_is_no_batch_is_refused(gateway: GatewayProcess, shape: str) -> None:
    body, headers, expected = REFUSED[shape]
    async with Phone(gateway) as phone:
        answer = await phone.ask("POST", "/v1/events", data=body, headers=headers)
        assert answer.status in expected and (await answer.json())["error"]


@pytest.mark.parametrize("shape", JUDGED)
async def test_an_odd_event_gets_its_verdict(gateway: GatewayProcess, shape: str) -> None:
    async with Phone(gateway) as phone:
        answer = await phone.ask("POST", "/v1/events", data=JUDGED[shape], headers=HEADERS)
        assert answer.status in (202, 400), await answer.text()
        if answer.status == 202:
            assert {one["status"] for one in (await answer.json())["results"]} <= {"rejected", "accepted"}


@pytest.mark.parametrize("shape", ["030/1234567/", "2026-01-01 ", "a@b.example ", "1 "])
async def test_what_is_costly_to_look_at_does_not_keep_others_waiting(gateway: GatewayProcess, shape: str) -> None:
    long_text = shape * (60_000 // len(shape))
    batch = {"events": [page_view(unknown=1, properties={"text": long_text}) for _ in range(3)]}
    async with Phone(gateway) as sender, Phone(gateway) as other:
        headers = {**HEADERS, "Connection": "close"}
        sending = asyncio.create_task(sender.ask("POST", "/v1/events", data=json.dumps(batch), headers=headers))
        longest = 0.0
        while not sending.done():
            began = time.monotonic()
            assert (await other.ask("GET", "/health/live")).status == 200
            longest = max(longest, time.monotonic() - began)
            await asyncio.sleep(0.01)
        assert (await sending).status == 202
        assert longest < WAIT_S
