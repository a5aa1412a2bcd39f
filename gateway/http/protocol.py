"""uvicorn's HTTP protocol within bounds: of a request's head, of the time that its parts may take, of requests sent
ahead, and of connections (gateway/http/connections.py)."""

from functools import partial
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from gateway.http.connections import ConnectionLimits

HEAD_TIMEOUT_S: Final = 10
"""A head that takes longer ends the connection, so that slow clients cannot hold connections."""
IDLE_S: Final = 30
"""How long a connection is kept between two requests."""
REST_S: Final = 5
"""How long a client may go on sending a body that the response did not wait for, so that it can read the response."""
MAX_HEADERS: Final = 100
"""Apache's default (LimitRequestFields)."""
MAX_AHEAD: Final = 16
"""Requests that a client may send before the response to an earlier one."""
NEVER: Final = float("inf")


class Refusal(httptools.HttpParserError):
    """A request that is refused before it reaches the application."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn by itself would wait without a limit for the rest of a head or of a body that nobody reads, take a head
    of any size, and parse as many requests as arrive at once.

    :param limits: None: connections are not counted.
    :param head_bytes: the largest head, and as much for what follows the last chunk of a body.
    """

    line = ""
    overdue_at = NEVER
    unread_since = 0.0
    _in_head = False
    _in_body = False
    _advanced = False
    _head_bytes = 0
    _unfinished_bytes = 0
    _refusal: Refusal | None = None
    _running: RequestResponseCycle | None = None

    def __init__(self, *args: Any, limits: ConnectionLimits | None = None, head_bytes: int = 65_536, **more: Any):
        super().__init__(*args, **more)
        self._limits = limits
        self._max_head_bytes = head_bytes

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.unread_since = self.loop.time()
        self.overdue_at = self.unread_since + HEAD_TIMEOUT_S
        address = self.client[0] if self.client else ""
        if self._limits is not None and not self._limits.admit(self, address, self.loop):
            self._refusal = Refusal(503, "Too many connections.")
            self._answer(self._refusal, b"retry-after: 1\r\n")
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._limits is not None:
            self._limits.lost(self)
        # A connection that was reset has a timer, and its parts refer to each other: without this all that it received
        # stays in memory, until the timer ends or a collection comes by.
        self._unset_keepalive_if_required()
        self.pipeline.clear()
        self.scope = {}  # type: ignore[typeddict-item]
        self.headers = []
        self.url = b""
        self._running = None
        self.overdue_at = NEVER

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None or self.parser is None:
            return
        self._unset_keepalive_if_required()
        self._unfinished_bytes += len(data)
        self._advanced = False
        self._feed(data)
        if self._advanced:
            self._unfinished_bytes = 0
        elif self._unfinished_bytes > self._max_head_bytes and self._refusal is None:
            # A head that is not complete, or what is around the chunks of a body: the parser keeps all of it.
            self._refusal = Refusal(431, "The header fields are too large.")
            self.send_400_response("")
        if self.cycle is None or self.cycle.response_complete:
            # Whatever came, be it blank lines: the next head is complete soon, or never.
            self.overdue_at = min(self.overdue_at, self.loop.time() + HEAD_TIMEOUT_S)

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]  # asked for another protocol, which may be ignored (RFC 9110, 7.8)
            except httptools.HttpParserError:
                self.send_400_response("")
                return

    def on_message_begin(self) -> None:
        self._in_head = True
        self._head_bytes = 0
        if len(self.pipeline) >= MAX_AHEAD:
            self._refuse(400, "Too many requests sent ahead.")
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self._max_head_bytes:
            self._refuse(414, "The address is too long.")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > self._max_head_bytes:
            self._refuse(431, "The header fields are too large.")
        if not self._in_head:  # fields behind the last chunk come too late to say anything about the request
            return
        if len(self.headers) >= MAX_HEADERS:
            self._refuse(431, "Too many header fields.")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body, self._advanced = False, True, True
        self._head_bytes = 0
        if self.parser.get_http_version() != "1.0" and sum(name == b"host" for name, _ in self.headers) != 1:
            self._refuse(400, "A request must have one Host.")  # RFC 9112, section 3.2
        self.overdue_at = NEVER
        if self._limits is not None:
            self._limits.busy(self)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._advanced = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body, self._advanced = False, True
        super().on_message_complete()
        if self.cycle.response_complete:
            self._await_next()

    def on_response_complete(self) -> None:
        another_follows = bool(self.pipeline)
        super().on_response_complete()
        if another_follows or self.transport.is_closing():
            return
        if self._in_body:
            self.overdue_at = self.loop.time() + REST_S
        else:
            self._await_next()

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn for what the parser refuses."""
        if self._refusal is None:
            self._refusal = Refusal(400, "Invalid HTTP request received.")
        if self._limits is not None:
            self._limits.ended("bad_request")
        self._answer(self._refusal)
        self.pipeline.clear()
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True  # nothing may follow this answer
            self._running.message_event.set()
        # What is still being sent is read and dropped for a while: closed at once, the connection would be reset, and
        # the client could not read why.
        self.overdue_at = self.loop.time() + REST_S
        self.transport.write_eof()
        self.flow.resume_reading()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def unread_bytes(self) -> int:
        return int(self.transport.get_write_buffer_size())

    def end(self) -> None:
        self.overdue_at = NEVER
        self.transport.close()

    def abort(self) -> None:
        self.transport.abort()

    def _await_next(self) -> None:
        self.overdue_at = self.loop.time() + IDLE_S
        if self._limits is not None:
            self._limits.waits(self)

    def _refuse(self, status: int, why: str) -> None:
        self._refusal = Refusal(status, why)
        raise self._refusal

    def _answer(self, refusal: Refusal, header: bytes = b"") -> None:
        body = refusal.why.encode()
        head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n" % len(body)
        self.transport.write(b"".join((STATUS_LINE[refusal.status], head, header, b"\r\n", body)))


def build_protocol(limits: ConnectionLimits | None, head_bytes: int) -> Any:
    """The protocol of every connection, as uvicorn's configuration takes it."""
    return partial(BoundedProtocol, limits=limits, head_bytes=head_bytes)
