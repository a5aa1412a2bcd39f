"""Entry: the gateway as a process, on uvicorn, uvloop and httptools. SIGTERM lets requests in progress finish."""

import asyncio
import contextlib
import errno
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette

from gateway.app import build_app
from gateway.http.protocol import IDLE_S, build_protocol
from gateway.publish.spool import SpoolError
from gateway.settings import Settings, read_settings
from schemas.codec.schema_registry import RegistryError
from schemas.kafka.client_settings import settings_for
from schemas.process.logging import set_up_logging
from schemas.process.settings import SettingError
from schemas.topics import set_prefix

log = logging.getLogger(__name__)

DRAIN_S = 10
BACKLOG = 1024
GC_AFTER = 50_000
"""New objects after which Python's garbage collector runs. Requests leave no cycles behind, but hundreds of concurrent
ones make so many objects that with the default it would run every few milliseconds: a tenth of all work."""

LOG_LEVELS = {
    "aiokafka": logging.WARNING,
    "uvicorn.error": logging.ERROR,  # it warns of every request that is none; those are a metric
}


class Server(uvicorn.Server):
    """Exits with code 0 on a signal, where uvicorn would raise the signal again after its shutdown. What has no end of
    its own, it ends first."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.config.app.state.stop()  # type: ignore[union-attr]
        super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def listen(
    host: str, port: int, host_setting: str = "FOOTPATH_GATEWAY_HOST", port_setting: str = "FOOTPATH_GATEWAY_PORT"
) -> socket.socket:
    """The listening socket. :raises SettingError: the address cannot be bound; names the variable."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:  # "::" takes IPv4 as well, whatever the system's default is
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    try:
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise SettingError(
                f"{port_setting}={port} is in use on {host}: stop what listens there or set another"
            ) from None
        raise SettingError(f"{host_setting}={host}, {port_setting}={port}: {error.strerror}") from None
    return sock


async def serve_operators(app: Starlette, sock: socket.socket) -> None:
    """Serves health and metrics on their own port until it is cancelled, beside the gateway's server."""
    config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None, access_log=False, server_header=False)
    server = _WithoutSignals(config)
    try:
        await server.serve(sockets=[sock])
    finally:
        sock.close()


class _WithoutSignals(uvicorn.Server):
    """Leaves signals to the gateway's server, which cancels this one."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def build_server(settings: Settings, app: Starlette) -> uvicorn.Server:
    """The server around the application."""
    return Server(
        uvicorn.Config(
            app,
            loop="uvloop",
            http=build_protocol(app.state.connections, settings.head_kb * 1024),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=DRAIN_S,
            backlog=BACKLOG,
        )
    )


def _operators_of(settings: Settings) -> Callable[[Starlette], Coroutine[Any, Any, None]] | None:
    """What serves operators on their port, if there is one. :raises SettingError: it cannot be bound."""
    if settings.metrics_port is None:
        return None
    names = "FOOTPATH_METRICS_HOST", "FOOTPATH_GATEWAY_METRICS_PORT"
    return partial(serve_operators, sock=listen(settings.metrics_host, settings.metrics_port, *names))


def main() -> None:
    """Serves until SIGTERM or SIGINT; exit code 1 when a setting cannot be used, or contradicts the deployment's."""
    set_up_logging("gateway", LOG_LEVELS)
    # uvicorn brings handlers of its own, which would write lines that are not JSON.
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    try:
        settings = read_settings(os.environ)
        set_prefix(settings_for(settings.kafka).prefix)
        sock = listen(settings.host, settings.port)
        app = build_app(settings, _operators_of(settings))
        server = build_server(settings, app)
        gc.set_threshold(GC_AFTER, 20, 100)
        gc.freeze()  # objects of the start live for ever: no collection has to look at them
    except (SettingError, SpoolError, RegistryError) as error:
        log.critical("%s", error)
        sys.exit(1)
    host, port = sock.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    log.info("listening on http://%s:%d", shown, port)
    server.run(sockets=[sock])
    if app.state.refused:
        sys.exit(1)
    log.info("stopped")


if __name__ == "__main__":
    main()
