"""A client below HTTP: sends what bytes it likes, at what pace it likes, and reads what comes until the end."""

import asyncio
import re
from collections.abc import Iterable

from tests.gateway.street import GatewayProcess

PATIENCE_S = 20.0
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3}) ")


async def exchange(gateway: GatewayProcess, data: bytes) -> bytes:
    """Everything that comes back until the gateway ends the connection, which it has to do in time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    try:
        async with asyncio.timeout(PATIENCE_S):
            try:
                writer.write(data)
                await writer.drain()
                return await reader.read()
            except ConnectionError:  # refused while it was still sending
                return b""
    finally:
        writer.close()


def statuses(answers: bytes) -> list[int]:
    """Status of every answer in a stream of them."""
    return [int(found) for found in _STATUS.findall(answers)]


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    """A request's bytes; nothing is added but the Host."""
    return "\r\n".join((line, "Host: corner", *headers, "", "")).encode("latin-1") + body


async def drip(writer: asyncio.StreamWriter, data: bytes, every_s: float = 1.0) -> None:
    """Sends a byte at a time until the data or the connection ends."""
    for byte in data:
        if writer.transport.is_closing():
            return
        writer.write(bytes([byte]))
        await asyncio.sleep(every_s)


def in_chunks(parts: Iterable[bytes]) -> bytes:
    """A body in chunks, as it should be."""
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
