"""Signals to the processes of a running system, and when they serve again."""

import os
import signal
import time
from http.client import HTTPException
from urllib.request import urlopen

from tests.fire.clients import Down
from tests.stack.whole import Street, wait_until

RESTART_S = 30
SERVING_S = 60
"""How long the stream may take until it answers again after the last fault."""


def kill(street: Street, victim: str, down: Down) -> float:
    """kill -9, as soon as it runs; returns when the supervisor has started it again, and the gateway when it answers.

    :returns: the seconds that the supervisor took.
    """
    pid, dead = wait_until(lambda: _struck(street, victim), RESTART_S, street._tell)
    wait_until(lambda: street.run["processes"].get(victim) not in (None, pid), RESTART_S, street._tell)
    restarted_s = time.monotonic() - dead
    if victim == "gateway":
        wait_until(lambda: answers(street, "/health/live"), RESTART_S, street._tell)
        down.spans.append((dead, time.monotonic()))
    return restarted_s


def _struck(street: Street, victim: str) -> tuple[int, float] | None:
    """The pid that was hit, and when; None while the supervisor waits before it starts the victim again."""
    now = time.monotonic()
    try:
        return send(street, victim, signal.SIGKILL), now
    except (KeyError, ProcessLookupError):
        return None


def send(street: Street, victim: str, signum: signal.Signals) -> int:
    """A signal to one process. :returns: its pid."""
    os.kill(pid := street.run["processes"][victim], signum)
    return pid


def answers(street: Street, path: str) -> bool:
    """Whether the gateway says 200 to it."""
    try:
        with urlopen(f"{street.run['gateway']}{path}", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, HTTPException):
        return False


def serving(street: Street) -> float:
    """Waits until the stream answers probes through all partitions. :returns: the seconds that it took."""
    began = time.monotonic()
    wait_until(lambda: answers(street, "/health/ready"), SERVING_S, street._tell)
    return time.monotonic() - began
