"""The number of files and connections that a process may have open."""

import resource
from typing import Final

ENOUGH: Final = 65_536


def raise_file_limit(wanted: int = ENOUGH) -> int:
    """Lets this process have so many open, or as many as the system allows it; :returns: how many of ``wanted`` it may.

    Shells and service managers start processes with 1024; each partition of a worker has a store of some ten files and
    a producer, and each connection of a gateway needs one.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    except (OSError, ValueError):
        return soft
    return allowed
