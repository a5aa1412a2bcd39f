"""Set-up of a child process before its program runs: it ends with its parent, and it may run at a lower priority."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")
AUTOGROUP_TRIES = 5
AUTOGROUP_RETRY_S = 0.1
"""Linux accepts one change of an autogroup every 0.1 s from users other than root."""
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def build_die_with_parent(signum: int = signal.SIGKILL, nice: int = 0) -> Callable[[], None]:
    """A `preexec_fn` after which the kernel sends `signum` to the child when the thread that started it ends.

    Only on Linux; elsewhere a `kill -9` of the parent leaves its children running.

    :param nice: nice level of the child's session: 0 for normal priority, up to 19 for less, see nice(1).
    """
    libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
    parent = os.getpid()

    def die_with_parent() -> None:
        if nice:
            _lower_priority(nice)
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, int(signum))
            if os.getppid() != parent:  # the parent ended before prctl
                os._exit(1)

    return die_with_parent


def _lower_priority(nice: int) -> None:
    """Sets the nice level of the process and of its session's autogroup.

    Linux divides CPU time between sessions first (autogroups, see sched(7)): the nice level of a process alone counts
    only within its own session.
    """
    os.nice(nice)
    for _ in range(AUTOGROUP_TRIES):
        try:
            AUTOGROUP.write_text(str(nice))
        except BlockingIOError:
            time.sleep(AUTOGROUP_RETRY_S)
        except OSError:  # the kernel has no autogroups
            return
        else:
            return
