"""TLS in front of a server of this machine that speaks none, as balancers and proxies do it."""

import asyncio
import ssl
import threading
from contextlib import suppress
from typing import Self

from deploy.local import ports
from tests.support.certificates import Identity

CHUNK_BYTES = 1 << 16
CALL_S = 10


class TlsFront:
    """Forwards what clients of ``port`` send by TLS to ``server`` (a port of this machine), in a thread of its own.
    Leaving the block ends every connection, and nothing listens any more."""

    def __init__(self, server: int, identity: Identity) -> None:
        self.port = ports.free()
        self._server = server
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(identity.certificate, identity.key)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tls-front", daemon=True)
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(CALL_S)
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(CALL_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_S)
        self._loop.close()

    async def _open(self) -> None:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._context)

    async def _close(self) -> None:
        self._listener.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server)
        pair = {writer, server_writer}
        self._writers |= pair
        await asyncio.gather(_forward(reader, server_writer), _forward(server_reader, writer))
        self._writers -= pair


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    with suppress(OSError):
        writer.close()
