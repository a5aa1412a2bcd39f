"""What every child of the embedded stack has in common: its own session, and no life after its parent."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def build_die_with_parent(signum: int = signal.SIGKILL, niceness: int = 0) -> Callable[[], None]:
    """A `preexec_fn` after which the kernel sends `signum` to the child when the thread that made it ends.

    Elsewhere than on Linux it does not: there a `kill -9` of the parent leaves its children running.

    :param niceness: how much of the processor the child leaves to others (0: nothing, see nice(1)).
    """
    libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
    parent = os.getpid()

    def die_with_parent() -> None:
        os.nice(niceness)
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, int(signum))
            if os.getppid() != parent:  # it died before the kernel knew
                os._exit(1)

    return die_with_parent
