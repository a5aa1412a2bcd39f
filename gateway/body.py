"""Reads a JSON request's body within bounds of size, decompressed size and time."""

import asyncio
import zlib

from starlette.requests import ClientDisconnect, Request

from gateway.replies import Refused

READ_TIMEOUT_S = 15.0
GZIP = 31
"""zlib's window bits for a gzip stream."""


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The body, decompressed. :raises Refused: 400, 408, 413 or 415."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refused(415, "the body must be application/json")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise Refused(415, "the body may be encoded with gzip only", Accept_Encoding="gzip")
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > max_bytes:
        raise _too_large(max_bytes)
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            return await _read(request, max_bytes, encoding == "gzip")
    except TimeoutError:
        raise Refused(408, f"the body did not arrive within {READ_TIMEOUT_S:.0f} s", Connection="close") from None
    except ClientDisconnect:
        raise Refused(400, "the connection ended before the body did") from None


async def _read(request: Request, max_bytes: int, gzip: bool) -> bytes:
    unpacker = zlib.decompressobj(GZIP) if gzip else None
    body = bytearray()
    async for part in request.stream():
        if unpacker is not None:
            try:
                part = unpacker.decompress(part, max_bytes + 1 - len(body))
            except zlib.error:
                raise Refused(400, "the body is no gzip stream") from None
        body += part
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    if unpacker is not None and (not unpacker.eof or unpacker.unused_data):
        raise Refused(400, "the body is not one whole gzip stream")
    return bytes(body)


def _too_large(max_bytes: int) -> Refused:
    return Refused(413, f"the body is larger than {max_bytes} bytes; send fewer events at a time", Connection="close")
