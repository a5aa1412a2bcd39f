"""Phones that scan, as a process of their own, as light as Python can be: one protocol object a connection.

    python -m tests.bench.phones open URL RATE SECONDS new|returning PATH…    so many scans a second, whatever happens
    python -m tests.bench.phones closed URL CONNECTIONS SECONDS PATH…         each connection asks when it was answered
    python -m tests.bench.phones post URL CONNECTIONS FOLDER                  the same, each file of it once

Prints one JSON object. Open loop: the time of an answer counts from when its scan was due, not from when there was a
connection free to send it, so a system that stalls cannot hide it.
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

WARM_S = 3.0
"""Before anything counts."""
PATIENCE_S = 10.0
CONNECTIONS = 64
"""Open from the start in the open loop; more are opened when all are busy."""
DEVICES = 2000
"""Phones that come again and again."""
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
FALLBACK = re.compile(rb"\r\nfootpath-outcome: *fallback", re.IGNORECASE)


class Phone(asyncio.Protocol):
    """A kept connection with at most one request on its way; ``answered`` is called with status and head.

    ``unheard`` is called with the request when the connection ends before a byte of its answer came, as it does when a
    server closes an idle one at that moment: a browser then asks again on a new one (RFC 9110, section 9.2.2).
    """

    def __init__(
        self, answered: Callable[["Phone", int, bytes], None], unheard: Callable[[bytes, float], None] | None = None
    ) -> None:
        self._answered = answered
        self._unheard = unheard
        self._asked = b""
        self._buffer = b""
        self.due = 0.0
        self.is_open = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.is_open = True

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open = False
        if self._asked and not self._buffer and self._unheard is not None:
            self._unheard(self._asked, self.due)

    def ask(self, request: bytes, due: float) -> None:
        self.due = due
        self._asked = request
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
        self._asked = self._buffer = b""
        self._answered(self, int(head[9:12]), head)


class Tally:
    """What came of the requests that count."""

    def __init__(self) -> None:
        self.latencies_ms: list[float] = []
        self.misses = 0
        self.asked_again = 0
        self.statuses: dict[int, int] = {}
        self.complete = asyncio.Event()
        self._expected = math.inf

    def complete_at(self, count: int) -> None:
        """Says how many answers there are to come in all."""
        self._expected = count
        if len(self.latencies_ms) >= count:
            self.complete.set()

    def add(self, latency_s: float, status: int, head: bytes) -> None:
        self.latencies_ms.append(latency_s * 1000)
        self.misses += FALLBACK.search(head) is not None
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if len(self.latencies_ms) >= self._expected:
            self.complete.set()

    def tell(self, asked: int, seconds: float) -> str:
        ordered = sorted(self.latencies_ms) or [0.0]
        at = {f"p{share:g}": ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))] for share in (50, 90, 99)}
        return json.dumps(
            {
                "asked": asked,
                "answered": len(self.latencies_ms),
                "misses": self.misses,
                "asked_again": self.asked_again,
                "statuses": self.statuses,
                "per_s": len(self.latencies_ms) / seconds,
                "max": ordered[-1],
                **at,
            }
        )


def requests(url: str, paths: Sequence[str], cookies: Sequence[str] = ("",)) -> list[bytes]:
    """A GET of each path, by each cookie."""
    host = urlsplit(url).netloc
    heads = [f"Host: {host}\r\n" + (f"Cookie: fp_device={cookie}\r\n" if cookie else "") for cookie in cookies]
    return [f"GET {path} HTTP/1.1\r\n{head}\r\n".encode() for head in heads for path in paths]


async def connect(
    url: str,
    answered: Callable[[Phone, int, bytes], None],
    unheard: Callable[[bytes, float], None] | None = None,
) -> Phone:
    place, loop = urlsplit(url), asyncio.get_running_loop()
    _, phone = await loop.create_connection(lambda: Phone(answered, unheard), place.hostname, place.port)
    return phone


async def open_loop(url: str, rate: float, seconds: float, asked: Sequence[bytes], warm_s: float = WARM_S) -> str:
    """Scan number n is due at its time, whatever became of those before."""
    free: deque[Phone] = deque()
    tally = Tally()
    counts_from = 0.0

    def answered(phone: Phone, status: int, head: bytes) -> None:
        if phone.due >= counts_from:
            tally.add(time.perf_counter() - phone.due, status, head)
        free.append(phone)

    opening: set[asyncio.Task[None]] = set()

    async def scan(request: bytes, due: float) -> None:
        (await connect(url, answered, unheard)).ask(request, due)

    def anew(request: bytes, due: float) -> None:
        opening.add(task := asyncio.ensure_future(scan(request, due)))
        task.add_done_callback(opening.discard)

    def unheard(request: bytes, due: float) -> None:
        tally.asked_again += 1
        anew(request, due)

    for _ in range(CONNECTIONS):
        free.append(await connect(url, answered, unheard))

    began = time.perf_counter() + 0.1
    counts_from = began + warm_s
    due_scans = int(rate * (warm_s + seconds))
    for number, request in zip(range(due_scans), cycle(asked), strict=False):
        due = began + number / rate
        if (early_s := due - time.perf_counter()) > 0:
            await asyncio.sleep(early_s)
        while free and not free[-1].is_open:
            free.pop()
        if free:
            free.pop().ask(request, due)
        else:
            anew(request, due)
    expected = sum(began + number / rate >= counts_from for number in range(due_scans))
    tally.complete_at(expected)
    with suppress(TimeoutError):
        await asyncio.wait_for(tally.complete.wait(), PATIENCE_S)
    return tally.tell(expected, seconds)


async def closed_loop(url: str, connections: int, seconds: float, asked: Sequence[bytes]) -> str:
    """Every connection asks again as soon as it was answered."""
    tally = Tally()
    stream = cycle(asked)
    began = time.perf_counter()
    counts_from, ends = began + WARM_S, began + WARM_S + seconds

    def answered(phone: Phone, status: int, head: bytes) -> None:
        now = time.perf_counter()
        if counts_from <= now < ends:
            tally.add(now - phone.due, status, head)
        if now < ends:
            phone.ask(next(stream), now)

    for _ in range(connections):
        (await connect(url, answered)).ask(next(stream), time.perf_counter())
    await asyncio.sleep(ends - time.perf_counter() + 0.2)
    return tally.tell(len(tally.latencies_ms), seconds)


async def post(url: str, connections: int, asked: Sequence[bytes]) -> str:
    """Every request once, each connection the next one as soon as it was answered; all of them count."""
    tally = Tally()
    tally.complete_at(len(asked))
    left = iter(asked)

    def answered(phone: Phone, status: int, head: bytes) -> None:
        tally.add(time.perf_counter() - phone.due, status, head)
        if (request := next(left, None)) is not None:
            phone.ask(request, time.perf_counter())

    began = time.perf_counter()
    for request in list(islice(left, connections)):
        (await connect(url, answered)).ask(request, time.perf_counter())
    await tally.complete.wait()
    return tally.tell(len(asked), time.perf_counter() - began)


def devices(how: str) -> Sequence[str]:
    """Cookies of phones that come again, or none."""
    letters, random = f"{ascii_letters}{digits}-_", Random(0)
    return ["".join(random.choices(letters, k=22)) for _ in range(DEVICES)] if how == "returning" else [""]


def main() -> None:
    match sys.argv[1:]:
        case ["open", url, rate, seconds, how, *paths]:
            asked = requests(url, paths, devices(how))
            Random(0).shuffle(asked)
            print(uvloop.run(open_loop(url, float(rate), float(seconds), asked)))
        case ["closed", url, connections, seconds, *paths]:
            print(uvloop.run(closed_loop(url, int(connections), float(seconds), requests(url, paths))))
        case ["post", url, connections, folder]:
            asked = [file.read_bytes() for file in sorted(Path(folder).iterdir())]
            print(uvloop.run(post(url, int(connections), asked)))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
