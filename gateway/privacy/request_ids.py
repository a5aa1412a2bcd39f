"""Ids of requests about data: UUIDs that show to whoever has the key of the deployment whose request it is.

The first half is random, or follows from what makes the request; the second is a keyed hash of it and of the owner (an
API key, a device, the holder of a link). So every gateway knows whom it may tell about a request, without storing it.
"""

import hashlib
import hmac
import os
from typing import Final
from uuid import UUID

_HALF: Final = 8
"""Bytes of either half."""


class RequestIds:
    """:param key: the identifier key."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"footpath privacy requests", "sha256")

    def fresh(self, owner: str) -> str:
        """An id that nobody has had before."""
        return self._id(os.urandom(_HALF), owner)

    def of(self, seed: str, owner: str) -> str:
        """The id that follows from a seed: the same for the same."""
        return self._id(self._hash(b"seed", f"{owner}\0{seed}"), owner)

    def canonical(self, request_id: str, owner: str) -> str | None:
        """The id in lower case with dashes; None where it is not one of this owner's."""
        try:
            given = UUID(request_id)
        except ValueError:
            return None
        own = self._id(given.bytes[:_HALF], owner)
        return own if hmac.compare_digest(own, str(given)) else None

    def _id(self, head: bytes, owner: str) -> str:
        first = bytearray(head)
        first[6] = first[6] & 0x0F | 0x80  # version 8 of RFC 9562: made as its maker likes
        second = bytearray(self._hash(b"owner", f"{first.hex()}\0{owner}"))
        second[0] = second[0] & 0x3F | 0x80
        return str(UUID(bytes=bytes(first + second)))

    def _hash(self, what: bytes, text: str) -> bytes:
        return hashlib.blake2b(text.encode(), digest_size=_HALF, key=self._key, person=what).digest()
