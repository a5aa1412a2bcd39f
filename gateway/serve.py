"""Entry: the gateway as a process, on uvicorn with uvloop and httptools; SIGTERM ends it after what is in
progress.
"""

import asyncio
import contextlib
import errno
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.app import build_app
from gateway.log import set_up_logging
from gateway.settings import Settings, SettingsError, read_settings
from gateway.spool import SpoolError, check_spool
from schemas.registry import RegistryError

log = logging.getLogger(__name__)

HEADERS_WITHIN_S = 10
"""A request's head must arrive within this time: slow clients cannot hold connections for nothing."""
IDLE_S = 30
DRAIN_S = 10
BACKLOG = 1024
GC_AFTER = 50_000
"""New objects after which Python looks for cycles among them. Requests leave none behind, but hundreds at a time are
enough new objects to look every few milliseconds: a tenth of all work."""


class ImpatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which by itself would wait for the rest of a head for ever."""

    _patience: asyncio.TimerHandle | None = None
    _in_head = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head and self._patience is None:  # most heads arrive whole, and need no timer
            self._wait_for_head()

    def on_message_begin(self) -> None:
        self._head_is_here()
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_is_here()
        super().on_headers_complete()

    def _wait_for_head(self) -> None:
        self._patience = self.loop.call_later(HEADERS_WITHIN_S, self.transport.close)

    def _head_is_here(self) -> None:
        self._in_head = False
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class Server(uvicorn.Server):
    """Ends with exit code 0 on a signal, where uvicorn would raise the signal again after its shutdown."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def listen(host: str, port: int) -> socket.socket:
    """The listening socket. :raises SettingsError: it cannot be had; names the variable."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise SettingsError(
                f"FOOTPATH_GATEWAY_PORT={port} is in use on {host}: stop what listens there or set another"
            ) from None
        raise SettingsError(f"FOOTPATH_GATEWAY_HOST={host}, FOOTPATH_GATEWAY_PORT={port}: {error.strerror}") from None
    return sock


def build_server(settings: Settings) -> uvicorn.Server:
    """The server around the application."""
    return Server(
        uvicorn.Config(
            build_app(settings),
            loop="uvloop",
            http=ImpatientProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=DRAIN_S,
            limit_concurrency=settings.connections,
            backlog=BACKLOG,
        )
    )


def main() -> None:
    """Runs until SIGTERM or SIGINT; exit code 1 when a setting cannot be used."""
    set_up_logging()
    try:
        settings = read_settings(os.environ)
        check_spool(settings.spool)
        sock = listen(settings.host, settings.port)
        server = build_server(settings)
        gc.set_threshold(GC_AFTER, 20, 100)
        gc.freeze()  # what is there now stays: no collection has to look at it while phones wait
    except (SettingsError, SpoolError, RegistryError) as error:
        log.critical("%s", error)
        sys.exit(1)
    host, port = sock.getsockname()[:2]
    log.info("listening on http://%s:%d, answers on partition %d", host, port, settings.reply_partition)
    server.run(sockets=[sock])
    log.info("stopped")


if __name__ == "__main__":
    main()
