"""A TCP proxy between clients and one server whose two directions can be blocked separately."""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from deploy.local import ports

Direction = Literal["to the server", "from the server"]
DIRECTIONS: tuple[Direction, Direction] = ("to the server", "from the server")
CHUNK_BYTES = 1 << 16


class TcpProxy:
    """Forwards bytes between ``port`` and ``server`` (both ports of this machine) in a thread of its own.

    A blocked direction forwards nothing until it is unblocked, and then everything that has queued up. Client and
    server see a network that drops packets in one direction and TCP retransmitting them: connections stay open.
    """

    def __init__(self, server: int, port: int | None = None) -> None:
        self.port = port or ports.free()
        self._server = server
        self._loop = asyncio.new_event_loop()
        self._unblocked: dict[Direction, asyncio.Event] = {}
        self._forwarders: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="tcp-proxy", daemon=True)

    def __enter__(self) -> "TcpProxy":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def block(self, direction: Direction) -> None:
        self._call_in_loop(self._unblocked[direction].clear)

    def unblock(self, direction: Direction) -> None:
        self._call_in_loop(self._unblocked[direction].set)

    def _call_in_loop(self, function: Callable[[], None]) -> None:
        """Calls the function in the proxy's thread and waits for its return."""

        async def call() -> None:
            function()

        asyncio.run_coroutine_threadsafe(call(), self._loop).result(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _open(self) -> None:
        for direction in DIRECTIONS:
            self._unblocked[direction] = asyncio.Event()
            self._unblocked[direction].set()
        self._listener = await asyncio.start_server(self._connected, ports.LOCALHOST, self.port, backlog=512)

    async def _close(self) -> None:
        self._listener.close()
        for forwarder in self._forwarders:
            forwarder.cancel()
        await asyncio.gather(*self._forwarders, return_exceptions=True)

    async def _connected(self, client_reader: asyncio.StreamReader, client_writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection(ports.LOCALHOST, self._server)
        except OSError:  # the server is down: the client's connection ends, as it would without the proxy
            client_writer.close()
            return
        for writer in (client_writer, server_writer):
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for direction, source, sink in (
            ("to the server", client_reader, server_writer),
            ("from the server", server_reader, client_writer),
        ):
            forwarder = asyncio.create_task(self._forward(self._unblocked[direction], source, sink))
            self._forwarders.add(forwarder)
            forwarder.add_done_callback(self._forwarders.discard)

    async def _forward(
        self, unblocked: asyncio.Event, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        try:
            with suppress(OSError):
                while chunk := await source.read(CHUNK_BYTES):
                    await unblocked.wait()
                    sink.write(chunk)
                    await sink.drain()
        finally:
            # The end of the connection is not held back by a blocked direction unless bytes wait before it.
            with suppress(OSError):
                sink.close()
