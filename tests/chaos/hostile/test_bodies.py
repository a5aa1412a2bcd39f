"""The fault: bodies that are huge, deep, compressed, with extreme numbers, or expensive to scrub.

The promise: a refusal or a result for each event, never a server error, and other requests are answered meanwhile.
"""

import asyncio
import gzip
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.gateway_process import GatewayClient, GatewayProcess, page_view

HEADERS = {"Authorization": "Bearer till-secret", "Content-Type": "application/json"}
GZIP = {**HEADERS, "Content-Encoding": "gzip"}


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
    "600 members": batch_of_one(properties={f"n{n}": 1 for n in range(600)}),
    "600 members within each other": with_member(
        b'{"a":' * 8 + b"{" + b",".join(b'"n%d":1' % n for n in range(600)) + b"}" * 9
    ),
    "nested 17 deep": with_member(b"[" * 17 + b"]" * 17),
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
async def test_an_odd_event_gets_a_result_and_sinks_no_other(gateway: GatewayProcess, shape: str) -> None:
    mate, begin = json.dumps(page_view()).encode(), b'{"events":['
    compact = ODD_EVENTS[shape].replace(b'{"events": [', begin)
    assert compact.startswith(begin)
    async with GatewayClient(gateway) as client:
        body = begin + mate + b"," + compact.removeprefix(begin)[:-2] + b"," + mate + b"]}"
        response = await client.request("POST", "/v1/events", data=body, headers=HEADERS)
        assert response.status == 202, await response.text()
        first, *odd, last = [one["status"] for one in (await response.json())["results"]]
        assert first == last == "accepted" and odd and set(odd) <= {"rejected", "accepted"}


FULL_OF_DIGITS = "0 1 2 3 4 5 6 7 8 9 " * 40
COSTLY = {
    "numbers by slashes": [page_view(properties={"text": "030/1234567/" * 1200}) for _ in range(60)],
    "digits": [page_view(properties={"text": FULL_OF_DIGITS}) for _ in range(900)],
    "times": [page_view(properties={"text": "2026-01-01 10:00:00 " * 700}) for _ in range(60)],
    "addresses": [page_view(properties={"text": "a@b.example " * 1300}) for _ in range(60)],
    "names": [page_view(properties={f"n{n}Num": "x@" for n in range(490)}) for _ in range(60)],
    "links": [page_view(properties={"url": "/?" + "utm_a=a%40b.de&" * 1000}) for _ in range(60)],
    "long events": [page_view(unknown=1, properties={"text": "1 " * 30_000}) for _ in range(15)],
}


@pytest.fixture(scope="module")
def patient(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway that waits for Kafka before it takes the spool, so that no disk counts."""
    process = GatewayProcess(bootstrap, tmp_path_factory.mktemp("patient"), deadline_ms="20000")
    asyncio.run(process.start_with_stream(bootstrap))
    yield process
    process.close()


@pytest.mark.parametrize("shape", COSTLY)
async def test_what_is_costly_to_validate_delays_nobody_else(patient: GatewayProcess, shape: str) -> None:
    body = json.dumps({"events": COSTLY[shape]}).encode()
    assert len(body) < 1_048_576
    async with GatewayClient(patient) as sender, GatewayClient(patient) as other:
        alone = [await _scan_s(other) for _ in range(20)]
        began = time.monotonic()
        sending = [
            asyncio.create_task(sender.request("POST", "/v1/events", data=body, headers=HEADERS)) for _ in range(4)
        ]
        beside = []
        while not all(one.done() for one in sending):
            beside.append(await _scan_s(other))
            await asyncio.sleep(0.01)
        assert {(await one).status for one in sending} == {202}
        took = time.monotonic() - began
        # Where work is not cut into slices, a scan waits for as long as the batches take.
        slowest = sorted(beside)[int(len(beside) * 0.9)] if beside else 0.0
        assert slowest < max(took / 5, 20 * max(alone)), f"{slowest:.3f} s of {took:.3f}, alone {max(alone):.3f} s"


async def _scan_s(client: GatewayClient) -> float:
    """Seconds until a scan is answered that waits for no decision, only for Kafka."""
    began = time.monotonic()
    response = await client.scan("gone")
    assert response.status == 302 and response.headers["Footpath-Event"], "recorded"
    return time.monotonic() - began
