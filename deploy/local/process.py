"""What every child of the embedded stack has in common: its own session, and no life after its parent."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")
AUTOGROUP_TRIES = 5
AUTOGROUP_AGAIN_S = 0.1
"""Linux takes one change of an autogroup in a tenth of a second from everybody but root."""
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def build_die_with_parent(signum: int = signal.SIGKILL, niceness: int = 0) -> Callable[[], None]:
    """A `preexec_fn` after which the kernel sends `signum` to the child when the thread that made it ends.

    Elsewhere than on Linux it does not: there a `kill -9` of the parent leaves its children running.

    :param niceness: how much of the processor the child leaves to others (0: nothing, see nice(1)).
    """
    libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
    parent = os.getpid()

    def die_with_parent() -> None:
        if niceness:
            _let_others_go_first(niceness)
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, int(signum))
            if os.getppid() != parent:  # it died before the kernel knew
                os._exit(1)

    return die_with_parent


def _let_others_go_first(niceness: int) -> None:
    """Linux shares the processor out among sessions first (autogroups, see sched(7)): without a word about the whole
    session its processes would leave nothing to those of others, however nice they are."""
    os.nice(niceness)
    for _ in range(AUTOGROUP_TRIES):
        try:
            AUTOGROUP.write_text(str(niceness))
        except BlockingIOError:
            time.sleep(AUTOGROUP_AGAIN_S)
        except OSError:  # there are no autogroups here
            return
        else:
            return
