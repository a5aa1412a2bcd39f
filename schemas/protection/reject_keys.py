"""The keys that protect rejected events."""

from pathlib import Path

from schemas.protection.cipher import is_protected, key_id_of, protect, reveal
from schemas.protection.keys import FileKeys, KeyDestroyed


class RejectKeys:
    """:raises OSError, ValueError: see :class:`FileKeys`."""

    def __init__(self, file: Path) -> None:
        self._keys = FileKeys(file, "the keys of rejects cannot be read, rejects keep no bytes")

    def protect(self, content: bytes) -> bytes:
        """The content protected by the newest key; nothing (no bytes) when there is no key any more."""
        newest = self._keys.newest
        return protect(content, *newest) if content and newest is not None else b""

    def reveal(self, content: bytes) -> bytes:
        """The content of protected bytes; other bytes as they are.

        :raises KeyDestroyed: their key is not in the file. :raises Damaged: they were changed or cut.
        """
        if not is_protected(content):
            return content
        key = self._keys.current().get(key_id_of(content))
        if key is None:
            raise KeyDestroyed
        return reveal(content, key)
