"""File descriptors: each connection needs one, and systems allow a process 1,024 unless it asks for more."""

import logging

from schemas.process.file_limit import raise_file_limit

log = logging.getLogger(__name__)

BESIDE_CONNECTIONS = 256
"""For Kafka, the spool and whatever libraries open."""


def allow_connections(count: int) -> int:
    """Raises the process's limit of open files for so many connections. Returns how many it has room for."""
    allowed = raise_file_limit(count + BESIDE_CONNECTIONS)
    room = max(1, allowed - BESIDE_CONNECTIONS)
    if room < count:
        log.warning(
            "FOOTPATH_GATEWAY_CONNECTIONS=%d: the system allows %d open files (ulimit -n), so %d connections are taken",
            count, allowed, room,
        )  # fmt: skip
    return min(count, room)
