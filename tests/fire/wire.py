"""A TCP wire between clients and one server that can be cut, one direction at a time."""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from deploy.local import ports

Direction = Literal["to the server", "from the server"]
DIRECTIONS: tuple[Direction, Direction] = ("to the server", "from the server")
PIECE_BYTES = 1 << 16


class Wire:
    """Carries bytes between ``port`` and ``server`` (both on this machine), in a thread of its own.

    A cut direction carries nothing until it is mended, and then all that waited: to both ends that is a network that
    drops packets one way, which TCP sends again. Nobody is told, and connections stay open.
    """

    def __init__(self, server: int, port: int | None = None) -> None:
        self.port = port or ports.free()
        self._server = server
        self._loop = asyncio.new_event_loop()
        self._whole: dict[Direction, asyncio.Event] = {}
        self._pumps: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="wire", daemon=True)

    def __enter__(self) -> "Wire":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def cut(self, direction: Direction) -> None:
        self._say(self._whole[direction].clear)

    def mend(self, direction: Direction) -> None:
        self._say(self._whole[direction].set)

    def _say(self, what: Callable[[], None]) -> None:
        async def said() -> None:
            what()

        asyncio.run_coroutine_threadsafe(said(), self._loop).result(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _open(self) -> None:
        for direction in DIRECTIONS:
            self._whole[direction] = asyncio.Event()
            self._whole[direction].set()
        self._listener = await asyncio.start_server(self._connected, ports.LOCALHOST, self.port, backlog=512)

    async def _close(self) -> None:
        self._listener.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back_reader, back_writer = await asyncio.open_connection(ports.LOCALHOST, self._server)
        except OSError:  # nobody is there: the client learns it as it would without a wire
            writer.close()
            return
        for end in (writer, back_writer):
            end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for direction, source, sink in (
            ("to the server", reader, back_writer),
            ("from the server", back_reader, writer),
        ):
            pump = asyncio.create_task(self._pump(self._whole[direction], source, sink))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, whole: asyncio.Event, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError):
                while piece := await source.read(PIECE_BYTES):
                    await whole.wait()
                    sink.write(piece)
                    await sink.drain()
        finally:
            # An end travels the same way as bytes: a cut direction holds it back too.
            with suppress(OSError):
                sink.close()
