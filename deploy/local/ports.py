"""Ports from settings: 0 selects a free port, a port in use is an error that names the setting."""

import errno
import random
import socket

LOCALHOST = "127.0.0.1"

# Below the ephemeral range of outgoing connections (32768 and up on Linux): a client that connects while a server
# restarts can then never be assigned the server's port.
FREE_RANGE = range(20_000, 32_000)
FREE_ATTEMPTS = 200


class PortError(Exception):
    """A port that cannot be used; the text names the setting and says what to do."""


def take(setting: str, port: int, host: str = LOCALHOST, host_setting: str = "") -> int:
    """The port to listen on: `port` if it is free, a free one for 0; raises `PortError`, which names the setting of the
    address where that is what cannot be used.
    """
    if host_setting:
        _check_host(host, host_setting)
    if port == 0:
        return free(host)
    if not 0 < port <= 65535:
        raise PortError(f"{setting}={port} is not a port: use 1 to 65535, or 0 for a free one")
    try:
        _try_to_listen(port, host)
    except OSError as problem:
        raise PortError(_explain(setting, port, host, problem)) from None
    return port


def free(host: str = LOCALHOST) -> int:
    """A port that nothing listens on at the moment; raises `PortError` when none is found."""
    for port in random.sample(FREE_RANGE, FREE_ATTEMPTS):
        try:
            _try_to_listen(port, host)
        except OSError:
            continue
        return port
    raise PortError(f"no free port on {host} from {FREE_RANGE.start} to {FREE_RANGE.stop - 1}")


def _check_host(host: str, setting: str) -> None:
    try:
        _try_to_listen(0, host)
    except OSError as problem:
        raise PortError(
            f"{setting}={host} cannot be used ({problem.strerror}): set an address of this machine"
        ) from None


def _try_to_listen(port: int, host: str) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen(1)


def _explain(setting: str, port: int, host: str, problem: OSError) -> str:
    way_out = f"set {setting} (0 selects a free one)"
    if problem.errno == errno.EADDRINUSE:
        return f"{setting}={port} is in use: stop what listens there or {way_out}"
    return f"{setting}={port} cannot be used on {host} ({problem.strerror}): {way_out}"
