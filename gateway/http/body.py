"""Reads the body of a request within limits of size, decompressed size, time, and memory of all bodies at once."""

import asyncio
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import ClientDisconnect, Request

from gateway.http.errors import ErrorKind, RequestError

READ_TIMEOUT_S = 15.0
GZIP = 31
"""zlib's window bits for a gzip stream."""


class BodyMemory:
    """The memory that bodies may take at once, and what of it one sender may take: half of it, and so many requests. A
    key that everybody knows, such as that of web pages, cannot keep tills from sending.

    :param max_bytes: of all bodies. :param largest: of one body, for which there is always room.
    :param requests: of one sender in progress.
    """

    def __init__(self, max_bytes: int, largest: int, requests: int) -> None:
        self._max_bytes = max(max_bytes, largest)
        self._share = max(max_bytes // 2, largest)
        self._requests = max(requests, 1)
        self._taken = 0
        self._of_sender: Counter[str] = Counter()
        self._in_progress: Counter[str] = Counter()

    @contextmanager
    def of(self, sender: str) -> "Iterator[Held]":
        """What a request of this sender holds, until the end of the block.

        :raises RequestError: SATURATED: the sender has too many requests in progress.
        """
        if self._in_progress[sender] >= self._requests:
            raise RequestError(ErrorKind.SATURATED, "too many requests of this key are waiting", retry_after_s=1)
        held = Held(self, sender)
        self._in_progress[sender] += 1
        try:
            yield held
        finally:
            self._taken -= held.count
            self._of_sender[sender] -= held.count
            self._in_progress[sender] -= 1
            if not self._in_progress[sender]:
                del self._in_progress[sender], self._of_sender[sender]

    def take(self, sender: str, count: int) -> None:
        """:raises RequestError: SATURATED: there is no room."""
        of_sender = self._of_sender[sender] + count
        if self._taken + count > self._max_bytes or of_sender > self._share:
            raise RequestError(ErrorKind.SATURATED, "too much is being received at once", retry_after_s=1)
        self._taken += count
        self._of_sender[sender] = of_sender


class Held:
    """How much of the memory one request holds."""

    __slots__ = ("_memory", "_sender", "count")

    def __init__(self, memory: BodyMemory, sender: str) -> None:
        self._memory = memory
        self._sender = sender
        self.count = 0

    def take(self, count: int) -> None:
        """:raises RequestError: SATURATED."""
        self._memory.take(self._sender, count)
        self.count += count


JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
TEXT = "text/plain"


async def read_body(request: Request, max_bytes: int, held: Held, expected: str = JSON) -> bytes:
    """The body, decompressed. Waits for the client, at most :data:`READ_TIMEOUT_S`.

    :param max_bytes: limit of the body as sent and as decompressed; decompression stops there.
    :param expected: its media type.
    :raises RequestError: MEDIA_TYPE, ENCODING, BODY, BODY_SIZE, BODY_TIMEOUT or SATURATED.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != expected:
        raise RequestError(ErrorKind.MEDIA_TYPE, f"the body must be {expected}")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise RequestError(ErrorKind.ENCODING, "the body may be encoded with gzip only")
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > max_bytes:
        raise _too_large(max_bytes)
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            return await _read(request, max_bytes, encoding == "gzip", held)
    except TimeoutError:
        raise RequestError(ErrorKind.BODY_TIMEOUT, f"the body did not arrive within {READ_TIMEOUT_S:.0f} s") from None
    except ClientDisconnect:
        raise RequestError(ErrorKind.BODY, "the connection ended before the body did") from None


async def _read(request: Request, max_bytes: int, gzip: bool, held: Held) -> bytes:
    decompressor = zlib.decompressobj(GZIP) if gzip else None
    body = bytearray()
    async for chunk in request.stream():
        if decompressor is not None:
            try:
                chunk = decompressor.decompress(chunk, max_bytes + 1 - len(body))
            except zlib.error:
                raise RequestError(ErrorKind.BODY, "the body is no gzip stream") from None
        if len(body) + len(chunk) > max_bytes:
            raise _too_large(max_bytes)
        held.take(len(chunk))
        body += chunk
    if decompressor is not None and (not decompressor.eof or decompressor.unused_data):
        raise RequestError(ErrorKind.BODY, "the body is not one whole gzip stream")
    return bytes(body)


def _too_large(max_bytes: int) -> RequestError:
    return RequestError(ErrorKind.BODY_SIZE, f"the body is larger than {max_bytes} bytes; send fewer events at a time")
