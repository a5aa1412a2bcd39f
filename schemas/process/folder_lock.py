"""A folder that one process at a time uses: two of them would take each other's files for damage."""

import fcntl
import os
from pathlib import Path

LOCK = "lock"


class FolderInUseError(Exception):
    """Another process holds the lock. ``pid`` is its id as text; empty when it has not written it yet."""

    def __init__(self, pid: str) -> None:
        super().__init__(f"in use by process {pid or '(unknown)'}")
        self.pid = pid


def lock_folder(folder: Path) -> int:
    """Creates the folder and locks it until the process ends, or until the returned file descriptor is closed.

    :raises FolderInUseError: another process has it.
    :raises OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(lock, 20, 0).decode(errors="replace").strip()
        os.close(lock)
        raise FolderInUseError(pid) from None
    except OSError:
        os.close(lock)
        raise
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, b"%d\n" % os.getpid(), 0)
    except OSError:
        pass  # A full disk: the lock holds without the text that names its holder.
    return lock
