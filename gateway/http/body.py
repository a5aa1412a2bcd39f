"""Reads the body of a JSON request within limits of size, decompressed size and time."""

import asyncio
import zlib

from starlette.requests import ClientDisconnect, Request

from gateway.http.errors import ErrorKind, RequestError

READ_TIMEOUT_S = 15.0
GZIP = 31
"""zlib's window bits for a gzip stream."""


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The body, decompressed. Waits for the client, at most :data:`READ_TIMEOUT_S`.

    :param max_bytes: limit of the body as sent and as decompressed; decompression stops there.
    :raises RequestError: MEDIA_TYPE, ENCODING, BODY, BODY_SIZE or BODY_TIMEOUT.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise RequestError(ErrorKind.MEDIA_TYPE, "the body must be application/json")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise RequestError(ErrorKind.ENCODING, "the body may be encoded with gzip only")
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > max_bytes:
        raise _too_large(max_bytes)
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            return await _read(request, max_bytes, encoding == "gzip")
    except TimeoutError:
        raise RequestError(ErrorKind.BODY_TIMEOUT, f"the body did not arrive within {READ_TIMEOUT_S:.0f} s") from None
    except ClientDisconnect:
        raise RequestError(ErrorKind.BODY, "the connection ended before the body did") from None


async def _read(request: Request, max_bytes: int, gzip: bool) -> bytes:
    decompressor = zlib.decompressobj(GZIP) if gzip else None
    body = bytearray()
    async for chunk in request.stream():
        if decompressor is not None:
            try:
                chunk = decompressor.decompress(chunk, max_bytes + 1 - len(body))
            except zlib.error:
                raise RequestError(ErrorKind.BODY, "the body is no gzip stream") from None
        body += chunk
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    if decompressor is not None and (not decompressor.eof or decompressor.unused_data):
        raise RequestError(ErrorKind.BODY, "the body is not one whole gzip stream")
    return bytes(body)


def _too_large(max_bytes: int) -> RequestError:
    return RequestError(ErrorKind.BODY_SIZE, f"the body is larger than {max_bytes} bytes; send fewer events at a time")
