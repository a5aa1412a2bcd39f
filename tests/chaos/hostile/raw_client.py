"""A client below HTTP: sends any bytes at any pace, and reads the connection to its end."""

import asyncio
import re
from collections.abc import Iterable

from tests.support.gateway_process import GatewayProcess
from tests.support.hangs import HANG_S

_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3}) ")


async def exchange(gateway: GatewayProcess, data: bytes) -> bytes:
    """Everything that the gateway sends until it ends the connection, which it must within :data:`HANG_S`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    try:
        async with asyncio.timeout(HANG_S):
            try:
                writer.write(data)
                await writer.drain()
                return await reader.read()
            except ConnectionError:  # refused while it was still sending
                return b""
    finally:
        writer.close()


def statuses(responses: bytes) -> list[int]:
    """Status of every response in the bytes of a connection."""
    return [int(found) for found in _STATUS.findall(responses)]


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    """The bytes of a request, to which nothing but the Host is added."""
    return "\r\n".join((line, "Host: corner", *headers, "", "")).encode("latin-1") + body


async def drip(writer: asyncio.StreamWriter, data: bytes, every_s: float = 1.0) -> None:
    """Sends a byte at a time until the data or the connection ends."""
    for byte in data:
        if writer.transport.is_closing():
            return
        writer.write(bytes([byte]))
        await asyncio.sleep(every_s)


def in_chunks(parts: Iterable[bytes]) -> bytes:
    """A well-formed chunked body."""
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
