"""Signals to the processes of a running embedded stack, and waiting until it serves again."""

import os
import signal
import time
from http.client import HTTPException
from urllib.request import urlopen

from tests.chaos.phone_clients import GatewayDowntime
from tests.support.full_stack import FullStack, wait_until


def kill(stack: FullStack, process: str, downtime: GatewayDowntime) -> float:
    """Kills a process with SIGKILL as soon as it runs; returns when the supervisor has restarted it.

    A killed gateway must answer again before this returns; the time in between is added to ``downtime``.

    :returns: the seconds until the supervisor had restarted the process.
    """
    pid, killed = wait_until(lambda: _try_kill(stack, process), stack.logs)
    wait_until(lambda: stack.run["processes"].get(process) not in (None, pid), stack.logs)
    restarted_s = time.monotonic() - killed
    if process == "gateway":
        wait_until(lambda: answers_ok(stack, "/health/live"), stack.logs)
        downtime.spans.append((killed, time.monotonic()))
    return restarted_s


def _try_kill(stack: FullStack, process: str) -> tuple[int, float] | None:
    """The pid of the killed process and the monotonic time; None while the supervisor waits before a restart."""
    now = time.monotonic()
    try:
        return send_signal(stack, process, signal.SIGKILL), now
    except (KeyError, ProcessLookupError):
        return None


def send_signal(stack: FullStack, process: str, signum: signal.Signals) -> int:
    """Sends a signal to one process. :returns: its pid."""
    os.kill(pid := stack.run["processes"][process], signum)
    return pid


def answers_ok(stack: FullStack, path: str) -> bool:
    """Whether the gateway answers a GET of the path with 200."""
    try:
        with urlopen(f"{stack.run['gateway']}{path}", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, HTTPException):
        return False


def wait_until_serving(stack: FullStack) -> float:
    """Waits until the stream answers probes through all partitions. :returns: the seconds that it took."""
    began = time.monotonic()
    wait_until(lambda: answers_ok(stack, "/health/stream"), stack.logs)
    return time.monotonic() - began
