"""The number of files and connections that a process may have open."""

import resource
from typing import Final

ENOUGH: Final = 65_536


def raise_file_limit() -> None:
    """Lets this process have as many open as the system allows it, at most :data:`ENOUGH`: shells and service managers
    start processes with 1024, and each partition of a worker has a store of some ten files and a producer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
