"""HMAC-SHA-256 (RFC 2104) cut to 128 bits, under one key.

The module hmac computes the same in twice the time: copies of its objects are made in Python, and its one call for all
hashes the key anew.
"""

import hashlib
from typing import Final

_BLOCK_BYTES: Final = 64
HEX_DIGITS: Final = 32


class KeyedHash:
    """:param key: secret of any length."""

    def __init__(self, key: bytes) -> None:
        block = (hashlib.sha256(key).digest() if len(key) > _BLOCK_BYTES else key).ljust(_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def hex(self, content: bytes) -> str:
        """The hash, 32 hex digits."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(content)
        outer.update(inner.digest())
        return outer.hexdigest()[:HEX_DIGITS]
