"""Ports as settings: 0 takes a free one, a port in use is an error that names the setting."""

import errno
import socket

LOCALHOST = "127.0.0.1"


class PortError(Exception):
    """A port setting that cannot be had; the text names the setting and says what to do."""


def take(setting: str, port: int, host: str = LOCALHOST) -> int:
    """The port to listen on: `port` itself when it is free, any free one for 0; raises `PortError`."""
    if not 0 <= port <= 65535:
        raise PortError(f"{setting}={port} is no port: take one from 1 to 65535 (0 takes a free one)")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            if port:
                probe.listen(1)
        except OSError as problem:
            raise PortError(_explain(setting, port, problem)) from None
        return int(probe.getsockname()[1])


def free(host: str = LOCALHOST) -> int:
    """A port that nothing listens on right now."""
    return take("port", 0, host)


def _explain(setting: str, port: int, problem: OSError) -> str:
    if problem.errno == errno.EADDRINUSE:
        return f"{setting}={port} is in use: stop what listens there or set {setting} (0 takes a free one)"
    if problem.errno == errno.EACCES:
        return f"{setting}={port} needs rights this user lacks: set {setting} to 1024 or above (0 takes a free one)"
    return f"{setting}={port}: {problem.strerror}; set {setting} (0 takes a free one)"
