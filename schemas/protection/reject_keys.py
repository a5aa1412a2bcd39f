"""The keys that protect rejected events: the newest one protects, all are for reading.

A changed file is read again before its next use, so a key that was taken out of it is gone from the memory of running
processes, too.
"""

import logging
import os
from pathlib import Path

from schemas.protection.cipher import is_protected, key_id_of, protect, reveal
from schemas.protection.key_file import read_keys

log = logging.getLogger(__name__)


class KeyDestroyed(Exception):
    """The key that protects the bytes is not in the file: destroyed, or in the file of another installation."""


class RejectKeys:
    """The keys in a file. Used from several threads: a reload replaces all keys at once.

    :raises OSError: the file cannot be read. :raises ValueError: it has no key, or a line of another form.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._version = self._stat()
        self._keys = read_keys(file.read_text(encoding="ascii"))
        if not self._keys:
            raise ValueError

    def protect(self, content: bytes) -> bytes:
        """The content protected by the newest key; nothing (no bytes) when there is no key any more."""
        keys = self._current()
        if not content or not keys:
            return b""
        newest = next(reversed(keys))
        return protect(content, newest, keys[newest])

    def reveal(self, content: bytes) -> bytes:
        """The content of protected bytes; other bytes as they are.

        :raises KeyDestroyed: their key is not in the file. :raises Damaged: they were changed or cut.
        """
        if not is_protected(content):
            return content
        key = self._current().get(key_id_of(content))
        if key is None:
            raise KeyDestroyed
        return reveal(content, key)

    def _current(self) -> dict[str, bytes]:
        try:
            version = self._stat()
            if version != self._version:
                self._keys = read_keys(self._file.read_text(encoding="ascii"))
                self._version = version
        except (OSError, ValueError) as error:
            # A file that is gone is one way to destroy its keys: none of them may live on in memory.
            if self._keys:
                log.error("the keys of rejects cannot be read, rejects keep no bytes: %s", type(error).__name__)
            self._keys, self._version = {}, None
        return self._keys

    def _stat(self) -> tuple[int, int, int] | None:
        found = os.stat(self._file)
        return found.st_ino, found.st_size, found.st_mtime_ns
