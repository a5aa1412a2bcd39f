"""Keys in a file: the newest one protects, all are for reading.

A changed file is read again before its next use, so a key that was taken out of it is gone from the memory of running
processes, too.
"""

import logging
import os
from pathlib import Path

from schemas.protection.key_file import read_keys

log = logging.getLogger(__name__)


class KeyDestroyed(Exception):
    """The key that protects the bytes is not in the file: destroyed, or in the file of another installation."""


class FileKeys:
    """The keys in a file. Used from several threads: a reload replaces all keys at once.

    :param lost: what follows when the file cannot be read any more, for the log.
    :raises OSError: the file cannot be read. :raises ValueError: it has no key, or a line of another form.
    """

    def __init__(self, file: Path, lost: str) -> None:
        self._file = file
        self._lost = lost
        self._version = self._stat()
        self._keys = read_keys(file.read_text(encoding="ascii"))
        if not self._keys:
            raise ValueError

    @property
    def newest(self) -> tuple[str, bytes] | None:
        """Id and key of the last line; None when there is no key any more."""
        keys = self.current()
        return next(reversed(keys.items())) if keys else None

    def current(self) -> dict[str, bytes]:
        """Key by id, as the file has them now."""
        try:
            version = self._stat()
            if version != self._version:
                self._keys = read_keys(self._file.read_text(encoding="ascii"))
                self._version = version
        except (OSError, ValueError) as error:
            # A file that is gone is one way to destroy its keys: none of them may live on in memory.
            if self._keys:
                log.error("%s: %s", self._lost, type(error).__name__)
            self._keys, self._version = {}, None
        return self._keys

    def _stat(self) -> tuple[int, int, int] | None:
        found = os.stat(self._file)
        return found.st_ino, found.st_size, found.st_mtime_ns
