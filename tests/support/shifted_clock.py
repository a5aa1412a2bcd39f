"""Runs a module with a wall clock that is days off until SIGUSR1, as on a machine that has not asked for the time yet.

python -m tests.support.shifted_clock DAYS MODULE
"""

import runpy
import signal
import sys
import time

DAY_NS = 86_400 * 10**9


def shift(days: float) -> None:
    """Shifts `time.time` and `time.time_ns`; the monotonic clock stays."""
    real_ns, shift_ns = time.time_ns, [round(days * DAY_NS)]
    time.time_ns = lambda: real_ns() + shift_ns[0]
    time.time = lambda: time.time_ns() / 1e9
    signal.signal(signal.SIGUSR1, lambda *_: shift_ns.__setitem__(0, 0))


if __name__ == "__main__":
    shift(float(sys.argv[1]))
    module = sys.argv[2]
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__")
