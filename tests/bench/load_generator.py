"""An HTTP load generator that runs as a process of its own: raw HTTP/1.1, one protocol object a connection.

    python -m tests.bench.load_generator open URL RATE SECONDS DEVICES PATH…    scans at a fixed rate per second
    python -m tests.bench.load_generator closed URL CONNECTIONS SECONDS PATH…         a request after each response
    python -m tests.bench.load_generator post URL CONNECTIONS FOLDER                  the same, each file of it once

DEVICES is ``new``, or the file of the gateway's identifier key: then devices return.

Prints one JSON object. In the open loop the latency of a response counts from the time at which its scan was due, not
from when a connection was free to send it: a system that stalls cannot hide it (coordinated omission).
"""

import asyncio
import json
import math
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from random import Random
from string import ascii_letters, digits
from typing import Any
from urllib.parse import urlsplit

import uvloop

from schemas.identifiers.devices import IssuedDevices

WARM_UP_S = 3.0
"""Time before responses count."""
LAST_RESPONSE_S = 10.0
"""How long the open loop waits for responses after the last request."""
CONNECTIONS = 64
"""Open from the start in the open loop; more are opened when all are busy."""
DEVICES = 2000
"""Number of returning devices."""
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
FALLBACK = re.compile(rb"\r\nfootpath-outcome: *fallback", re.IGNORECASE)

OnResponse = Callable[["Connection", int, bytes], None]
"""Receives the connection, the status and the head of a response."""
OnLost = Callable[[bytes, float], None]
"""Receives a request and its due time."""


class Connection(asyncio.Protocol):
    """A keep-alive connection with at most one request in progress.

    ``on_lost`` is called when the connection ends before the first byte of a response, as it does when a server closes
    an idle connection at that moment: a browser then retries on a new one (RFC 9110, section 9.2.2).
    """

    def __init__(self, on_response: OnResponse, on_lost: OnLost | None = None) -> None:
        self._on_response = on_response
        self._on_lost = on_lost
        self._request = b""
        self._buffer = b""
        self.due = 0.0
        self.is_open = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.is_open = True

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open = False
        if self._request and not self._buffer and self._on_lost is not None:
            self._on_lost(self._request, self.due)

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self._request = request
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end]
        found = LENGTH.search(head)
        if len(self._buffer) < end + 4 + (int(found[1]) if found else 0):
            return
        self._request = self._buffer = b""
        self._on_response(self, int(head[9:12]), head)


class Statistics:
    """Latencies and outcomes of the responses after the warm-up."""

    def __init__(self) -> None:
        self.latencies_ms: list[float] = []
        self.misses = 0
        self.retries = 0
        self.statuses: dict[int, int] = {}
        self.complete = asyncio.Event()
        self._expected = math.inf

    def complete_at(self, count: int) -> None:
        """Sets ``complete`` once so many responses were added."""
        self._expected = count
        if len(self.latencies_ms) >= count:
            self.complete.set()

    def add(self, latency_s: float, status: int, head: bytes) -> None:
        self.latencies_ms.append(latency_s * 1000)
        self.misses += FALLBACK.search(head) is not None
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if len(self.latencies_ms) >= self._expected:
            self.complete.set()

    def to_json(self, requests: int, seconds: float) -> str:
        """Counts, responses per second, and latencies in milliseconds."""
        ordered = sorted(self.latencies_ms) or [0.0]
        at = {f"p{share:g}": ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))] for share in (50, 90, 99)}
        return json.dumps(
            {
                "requests": requests,
                "responses": len(self.latencies_ms),
                "misses": self.misses,
                "retries": self.retries,
                "statuses": self.statuses,
                "per_s": len(self.latencies_ms) / seconds,
                "max": ordered[-1],
                **at,
            }
        )


def get_requests(url: str, paths: Sequence[str], cookies: Sequence[str] = ("",)) -> list[bytes]:
    """A GET of each path with each cookie."""
    host = urlsplit(url).netloc
    heads = [f"Host: {host}\r\n" + (f"Cookie: fp_device={cookie}\r\n" if cookie else "") for cookie in cookies]
    return [f"GET {path} HTTP/1.1\r\n{head}\r\n".encode() for head in heads for path in paths]


async def connect(url: str, on_response: OnResponse, on_lost: OnLost | None = None) -> Connection:
    address, loop = urlsplit(url), asyncio.get_running_loop()
    assert address.hostname and address.port, url
    _, connection = await loop.create_connection(
        lambda: Connection(on_response, on_lost), address.hostname, address.port
    )
    return connection


async def open_loop(
    url: str, rate: float, seconds: float, requests: Sequence[bytes], warm_up_s: float = WARM_UP_S
) -> str:
    """Sends request number n when it is due, ``n / rate`` seconds after the start, whether earlier ones were answered
    or not."""
    free: deque[Connection] = deque()
    statistics = Statistics()
    counts_from = 0.0

    def on_response(connection: Connection, status: int, head: bytes) -> None:
        if connection.due >= counts_from:
            statistics.add(time.perf_counter() - connection.due, status, head)
        free.append(connection)

    opening: set[asyncio.Task[None]] = set()

    async def connect_and_send(request: bytes, due: float) -> None:
        (await connect(url, on_response, retry)).send(request, due)

    def send_on_new_connection(request: bytes, due: float) -> None:
        opening.add(task := asyncio.ensure_future(connect_and_send(request, due)))
        task.add_done_callback(opening.discard)

    def retry(request: bytes, due: float) -> None:
        statistics.retries += 1
        send_on_new_connection(request, due)

    for _ in range(CONNECTIONS):
        free.append(await connect(url, on_response, retry))

    began = time.perf_counter() + 0.1
    counts_from = began + warm_up_s
    count = int(rate * (warm_up_s + seconds))
    for number, request in zip(range(count), cycle(requests), strict=False):
        due = began + number / rate
        if (early_s := due - time.perf_counter()) > 0:
            await asyncio.sleep(early_s)
        while free and not free[-1].is_open:
            free.pop()
        if free:
            free.pop().send(request, due)
        else:
            send_on_new_connection(request, due)
    expected = sum(began + number / rate >= counts_from for number in range(count))
    statistics.complete_at(expected)
    with suppress(TimeoutError):
        await asyncio.wait_for(statistics.complete.wait(), LAST_RESPONSE_S)
    return statistics.to_json(expected, seconds)


async def closed_loop(url: str, connections: int, seconds: float, requests: Sequence[bytes]) -> str:
    """Every connection sends the next request as soon as it has a response."""
    statistics = Statistics()
    upcoming = cycle(requests)
    began = time.perf_counter()
    counts_from, ends = began + WARM_UP_S, began + WARM_UP_S + seconds

    def on_response(connection: Connection, status: int, head: bytes) -> None:
        now = time.perf_counter()
        if counts_from <= now < ends:
            statistics.add(now - connection.due, status, head)
        if now < ends:
            connection.send(next(upcoming), now)

    for _ in range(connections):
        (await connect(url, on_response)).send(next(upcoming), time.perf_counter())
    await asyncio.sleep(ends - time.perf_counter() + 0.2)
    return statistics.to_json(len(statistics.latencies_ms), seconds)


async def post(url: str, connections: int, requests: Sequence[bytes]) -> str:
    """A closed loop that sends every request once, without a warm-up."""
    statistics = Statistics()
    statistics.complete_at(len(requests))
    left = iter(requests)

    def on_response(connection: Connection, status: int, head: bytes) -> None:
        statistics.add(time.perf_counter() - connection.due, status, head)
        if (request := next(left, None)) is not None:
            connection.send(request, time.perf_counter())

    began = time.perf_counter()
    for request in list(islice(left, connections)):
        (await connect(url, on_response)).send(request, time.perf_counter())
    await statistics.complete.wait()
    return statistics.to_json(len(requests), time.perf_counter() - began)


def device_cookies(devices: str) -> Sequence[str]:
    """Cookies of returning devices; for new ones a single empty cookie. :param devices: see the module."""
    if devices == "new":
        return [""]
    letters, random = f"{ascii_letters}{digits}-_", Random(0)
    issued = IssuedDevices(bytes.fromhex(Path(devices).read_text()))
    return [issued.signed("".join(random.choices(letters, k=22))) for _ in range(DEVICES)]


def main() -> None:
    match sys.argv[1:]:
        case ["open", url, rate, seconds, devices, *paths]:
            requests = get_requests(url, paths, device_cookies(devices))
            Random(0).shuffle(requests)
            print(uvloop.run(open_loop(url, float(rate), float(seconds), requests)))
        case ["closed", url, connections, seconds, *paths]:
            print(uvloop.run(closed_loop(url, int(connections), float(seconds), get_requests(url, paths))))
        case ["post", url, connections, folder]:
            requests = [file.read_bytes() for file in sorted(Path(folder).iterdir())]
            print(uvloop.run(post(url, int(connections), requests)))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
