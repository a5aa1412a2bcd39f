"""The fault: requests whose end two parsers would find in different places, and malformed heads.

The promise: an ambiguous request is refused and its connection closed; no second request hides in a first one.
"""

import pytest

from tests.chaos.hostile.raw_client import exchange, in_chunks, request, statuses
from tests.support.gateway_process import GatewayProcess

LIVE = "GET /health/live HTTP/1.1"
POST = "POST /v1/events HTTP/1.1"
JSON = "Content-Type: application/json"
KEY = "Authorization: Bearer till-secret"
CLOSE = "Connection: close"
CHUNKED = "Transfer-Encoding: chunked"
EMPTY = b'{"events":[]}'
HIDDEN = request(LIVE, CLOSE)


def sent(*headers: str, body: bytes = EMPTY) -> bytes:
    return request(POST, JSON, KEY, *headers, body=body)


AMBIGUOUS = {
    "two lengths that differ": sent("Content-Length: 13", "Content-Length: 0"),
    "two lengths in one header": sent("Content-Length: 13, 0"),
    "the same length twice": sent("Content-Length: 13", "Content-Length: 13"),
    "a length and chunks": sent("Content-Length: 5", CHUNKED, body=in_chunks([EMPTY]) + HIDDEN),
    "chunks and a length": sent(CHUNKED, "Content-Length: 5", body=in_chunks([EMPTY]) + HIDDEN),
    "a length below zero": sent("Content-Length: -1"),
    "a length with a plus": sent("Content-Length: +13"),
    "a length in hex": sent("Content-Length: 0xd"),
    "a length beyond 64 bits": sent("Content-Length: 18446744073709551629"),
    "a chunk size that is none": sent(CHUNKED, body=b"xyz\r\n" + EMPTY + b"\r\n0\r\n\r\n"),
    "a chunk size beyond 64 bits": sent(CHUNKED, body=b"10000000000000000d\r\n" + EMPTY + b"\r\n0\r\n\r\n"),
    "a chunk size below zero": sent(CHUNKED, body=b"-d\r\n" + EMPTY + b"\r\n0\r\n\r\n"),
    "a chunk longer than its size": sent(CHUNKED, body=b"5\r\n" + EMPTY + b"\r\n0\r\n\r\n"),
    "chunked, but not at last": sent("Transfer-Encoding: chunked, identity", body=in_chunks([EMPTY]) + HIDDEN),
    "chunked, misspelt": sent("Transfer-Encoding: xchunked", body=in_chunks([EMPTY]) + HIDDEN),
    "a space before the colon": sent("Content-Length : 13"),
    "a header in two lines": sent("Content-Length:", " 13"),
    "a header without a name": sent(": 13"),
    "a zero byte in a header": sent("X-Odd: a\0b", "Content-Length: 13"),
    "a line feed in a header": sent("X-Odd: a\nContent-Length: 13"),
    "another protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": bytes.fromhex("16030100a5010000a10303") + bytes(160),
    "noise": bytes(range(256)) * 8,
}


@pytest.mark.parametrize("shape", AMBIGUOUS)
async def test_ambiguous_requests_are_refused(gateway: GatewayProcess, shape: str) -> None:
    responses = await exchange(gateway, AMBIGUOUS[shape])
    assert set(statuses(responses)) <= {400} and b"live" not in responses, responses[:500]


@pytest.mark.parametrize("header", ["Transfer-Encoding: CHUNKED", "transfer-encoding:chunked", CHUNKED])
async def test_unambiguous_requests_are_accepted_and_end_where_they_declare(
    gateway: GatewayProcess, header: str
) -> None:
    responses = await exchange(gateway, sent(header, body=in_chunks([EMPTY[:3], EMPTY[3:]])) + HIDDEN)
    assert statuses(responses) == [202, 200], "the second request was sent on purpose"
    responses = await exchange(gateway, sent("Content-Length: 13") + HIDDEN)
    assert statuses(responses) == [202, 200]


@pytest.mark.parametrize(
    "head",
    [
        request(LIVE, CLOSE, f"X-Long: {'x' * 2_000_000}"),
        request(LIVE, CLOSE, *(f"X-{number}: x" for number in range(100_000))),
        request(f"GET /s/{'x' * 1_000_000} HTTP/1.1", CLOSE),
        request(LIVE, CLOSE, "Cookie: " + "; ".join(f"fp_device={n}" for n in range(100_000))),
    ],
    ids=["one long header", "many headers", "a long address", "many cookies"],
)
async def test_a_head_of_megabytes_harms_nobody(gateway: GatewayProcess, head: bytes) -> None:
    assert set(statuses(await exchange(gateway, head))) <= {200, 302, 400, 404, 413, 414, 431}
    assert statuses(await exchange(gateway, request(LIVE, CLOSE))) == [200]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("//evil.example/s/shelf-1", 404), ("http://evil.example/health/live", 200), ("/health/live/", 404),
        ("/qr/shelf-1.svg?scale=%F0%9F%92%A9", 400), ("*", 404),
    ],
)  # fmt: skip
async def test_odd_addresses_lead_nowhere_else(gateway: GatewayProcess, address: str, status: int) -> None:
    responses = await exchange(gateway, request(f"GET {address} HTTP/1.1", CLOSE))
    assert statuses(responses) == [status] and b"Location" not in responses and b"a=b" not in responses, responses


@pytest.mark.parametrize(
    "tag",
    ["%00", "%ff%fe", "x%0d%0aSet-Cookie:%20a=b", "..%2f..%2fmetrics", "../metrics", "%2e%2e/metrics", "//evil.example",
     "%0d%0aLocation:%20https://evil.example", "?x=%0d%0aSet-Cookie:%20a=b", "x?note=%0d%0aa=b", ""],
)  # fmt: skip
async def test_odd_links_lead_to_the_fallback_alone(gateway: GatewayProcess, tag: str) -> None:
    responses = await exchange(gateway, request(f"GET /s/{tag} HTTP/1.1", CLOSE))
    assert statuses(responses) == [302] and b"a=b" not in responses and b"evil" not in responses
    heads = responses.lower()
    assert heads.count(b"location: ") == 1 and b"location: https://corner.example/hello\r\n" in heads
