"""Ports as settings: 0 takes a free one, a port in use is an error that names the setting."""

import errno
import random
import socket

LOCALHOST = "127.0.0.1"

# Below the range from which the kernel gives outgoing connections their ports (32768 and up on Linux): a
# client that knocks at a restarting server's port can then never take that port itself.
FREE_RANGE = range(20_000, 32_000)
FREE_ATTEMPTS = 200


class PortError(Exception):
    """A port setting that cannot be had; the text names the setting and says what to do."""


def take(setting: str, port: int, host: str = LOCALHOST) -> int:
    """The port to listen on: `port` itself when it is free, any free one for 0; raises `PortError`."""
    if port == 0:
        return free(host)
    if not 0 < port <= 65535:
        raise PortError(f"{setting}={port} is no port: take one from 1 to 65535 (0 takes a free one)")
    try:
        _try_to_listen(port, host)
    except OSError as problem:
        raise PortError(_explain(setting, port, host, problem)) from None
    return port


def free(host: str = LOCALHOST) -> int:
    """A port that nothing listens on right now; raises `PortError` when none is found."""
    for port in random.sample(FREE_RANGE, FREE_ATTEMPTS):
        try:
            _try_to_listen(port, host)
        except OSError:
            continue
        return port
    raise PortError(f"no free port on {host} from {FREE_RANGE.start} to {FREE_RANGE.stop - 1}")


def _try_to_listen(port: int, host: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen(1)


def _explain(setting: str, port: int, host: str, problem: OSError) -> str:
    way_out = f"set {setting} (0 takes a free one)"
    if problem.errno == errno.EADDRINUSE:
        return f"{setting}={port} is in use: stop what listens there or {way_out}"
    return f"{setting}={port} cannot be had on {host} ({problem.strerror}): {way_out}"
