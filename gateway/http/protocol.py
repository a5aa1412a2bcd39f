"""uvicorn's HTTP protocol with a limit on the time that a request's head may take, and a check of its Host."""

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_TIMEOUT_S = 10
"""A head that takes longer ends the connection, so that slow clients cannot hold connections."""


class HeadTimeoutProtocol(HttpToolsProtocol):
    """uvicorn by itself would wait without a limit for the rest of a head."""

    _timer: asyncio.TimerHandle | None = None
    _in_head = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head and self._timer is None:  # most heads arrive whole, and need no timer
            self._start_timer()

    def on_message_begin(self) -> None:
        self._stop_timer()
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._stop_timer()
        if self.parser.get_http_version() != "1.0" and sum(name == b"host" for name, _ in self.headers) != 1:
            # RFC 9112, section 3.2: status 400, which uvicorn sends for what the parser refuses.
            raise httptools.HttpParserError("a request must have one Host")
        super().on_headers_complete()

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(HEAD_TIMEOUT_S, self.transport.close)

    def _stop_timer(self) -> None:
        self._in_head = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
