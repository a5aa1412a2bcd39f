"""Bounds on connections: how many in all and from one address, and how long a client may leave one waiting.

A connection *waits* as long as its client owes a request: between two requests, and until a head is complete. It is
*busy* while a request is in progress. Where the bound is reached, the connection that has waited longest is closed for
a new one: a browser opens another one without a word (RFC 9112, section 9.5), and whoever drips heads loses their own
first. Only when all are busy a new one is refused.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from gateway.http.clients import is_trusted, line_of
from gateway.metrics import Metrics
from schemas.process.parsers import Network

SWEEP_S = 1.0
WRITE_S = 30.0
"""How long a client may take to read what is left of its responses."""


class Connection(Protocol):
    """What is bounded. ``overdue_at`` is the time of the event loop at which it is closed unless its client acts."""

    line: str
    overdue_at: float
    unread_since: float

    def unread_bytes(self) -> int:
        """Bytes of responses that the client has not taken."""

    def end(self) -> None:
        """Closes the connection; what is written is still sent."""

    def abort(self) -> None:
        """Closes the connection at once."""


class ConnectionLimits:
    """:param count: open connections in all. :param per_address: those of one address; proxies that are trusted have
    no such bound, because they speak for many.
    """

    def __init__(self, count: int, per_address: int, trusted_proxies: Sequence[Network], metrics: Metrics) -> None:
        self._count = count
        self._per_address = per_address
        self._trusted = trusted_proxies
        self._metrics = metrics
        self._open: dict[Connection, None] = {}
        self._waiting: dict[Connection, None] = {}
        """Those that wait, in the order in which they began to."""
        self._of_line: dict[str, dict[Connection, None]] = {}
        self._waiting_of_line: dict[str, dict[Connection, None]] = {}
        self._sweeper: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, connection: Connection, address: str, loop: asyncio.AbstractEventLoop) -> bool:
        """Counts a new connection, which begins to wait. False: there is no room for it."""
        connection.line = "" if self._trusted and is_trusted(address, self._trusted) else line_of(address)
        line = connection.line
        is_full = line and len(self._of_line.get(line, ())) >= self._per_address
        if is_full and not self._make_room(self._waiting_of_line.get(line), "address"):
            return False
        if len(self._open) >= self._count and not self._make_room(self._waiting, "all"):
            return False
        self._open[connection] = None
        if line:
            self._of_line.setdefault(line, {})[connection] = None
        self.waits(connection)
        if self._sweeper is None:
            self._sweeper = loop.call_later(SWEEP_S, self._sweep, loop)
        return True

    def waits(self, connection: Connection) -> None:
        """Its client owes a request from now on."""
        if connection in self._open:
            self._waiting[connection] = None
            if connection.line:
                self._waiting_of_line.setdefault(connection.line, {})[connection] = None

    def busy(self, connection: Connection) -> None:
        """A request of it is in progress."""
        self._waiting.pop(connection, None)
        _discard(self._waiting_of_line, connection)

    def lost(self, connection: Connection) -> None:
        """It has ended."""
        self.busy(connection)
        self._open.pop(connection, None)
        _discard(self._of_line, connection)

    def ended(self, reason: str) -> None:
        self._metrics.connections_ended.labels(reason).inc()

    def _make_room(self, waiting: dict[Connection, None] | None, limit: str) -> bool:
        oldest = next(iter(waiting), None) if waiting else None
        self.ended(f"limit_{limit}")
        if oldest is None:
            return False
        self.lost(oldest)
        oldest.abort()
        return True

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for connection in list(self._open):
            if connection.overdue_at <= now:
                self.ended("slow_request")
                connection.end()
            if not connection.unread_bytes():
                connection.unread_since = now
            elif now - connection.unread_since > WRITE_S:
                self.ended("slow_reader")
                connection.abort()
        self._sweeper = loop.call_later(SWEEP_S, self._sweep, loop) if self._open else None


def _discard(by_line: dict[str, dict[Connection, None]], connection: Connection) -> None:
    of_line = by_line.get(connection.line)
    if of_line is not None:
        of_line.pop(connection, None)
        if not of_line:
            del by_line[connection.line]
