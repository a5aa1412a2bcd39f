"""Wrapping: the data keys of contacts are encrypted by a master key, which is in a file or in a KMS.

The form of a wrapped key is ``MAGIC``, one byte with the length of the master key's id, the id, the salt of the process
that wrapped it, a number, the ciphertext with its tag. HKDF (RFC 5869) derives a wrapping key from the master key and
the salt, once a process, and the process counts its nonces: no nonce is ever used twice under one key, and wrapping
takes some 2 µs.
"""

import os
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from schemas.protection.cipher import Damaged
from schemas.protection.key_file import KEY_BYTES
from schemas.protection.keys import FileKeys, KeyDestroyed

MAGIC: Final = b"FPW\x01"
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
INFO: Final = b"footpath contact keys"


class KeyWrapper(Protocol):
    """The port for a KMS. Called on the event loop for every new contact: an implementation that asks a KMS over the
    network asks it for a key of its own now and then, and wraps with that."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """A data key in wrapped form; no bytes when there is no master key at present.

        :param context: what the key belongs to: with another context nothing unwraps it.
        """

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The data key. :raises KeyDestroyed: the master key does not exist. :raises Damaged: other bytes."""


class MasterKeys:
    """Master keys in a file, whose last line wraps and all lines unwrap.

    :raises OSError, ValueError: see :class:`schemas.protection.keys.FileKeys`.
    """

    def __init__(self, file: Path) -> None:
        self._keys = FileKeys(file, "the master keys of contacts cannot be read, no contacts are kept")
        self._salt = os.urandom(SALT_BYTES)
        self._numbers = count()

    @property
    def newest_id(self) -> str:
        """Id of the key that wraps; empty when there is none any more."""
        newest = self._keys.newest
        return "" if newest is None else newest[0]

    def wrap(self, key: bytes, context: bytes) -> bytes:
        newest = self._keys.newest
        if newest is None:
            return b""
        master_id, master = newest
        nonce = next(self._numbers).to_bytes(NONCE_BYTES, "big")
        head = b"".join((MAGIC, bytes([len(master_id)]), master_id.encode("ascii"), self._salt, nonce))
        return head + _cipher(master, self._salt).encrypt(nonce, key, head + context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        master_id = master_of(wrapped)
        start = len(MAGIC) + 1 + len(master_id) + SALT_BYTES + NONCE_BYTES
        if not master_id or len(wrapped) <= start:
            raise Damaged("the bytes are no wrapped key")
        master = self._keys.current().get(master_id)
        if master is None:
            raise KeyDestroyed
        head = wrapped[:start]
        salt, nonce = head[-SALT_BYTES - NONCE_BYTES : -NONCE_BYTES], head[-NONCE_BYTES:]
        try:
            return _cipher(master, salt).decrypt(nonce, wrapped[start:], head + context)
        except InvalidTag:
            raise Damaged("the wrapped key is damaged, or of another contact") from None


def master_of(wrapped: bytes) -> str:
    """Id of the master key that wraps a data key; empty for bytes of another form."""
    at = len(MAGIC) + 1
    if not wrapped.startswith(MAGIC) or len(wrapped) < at:
        return ""
    return wrapped[at : at + wrapped[at - 1]].decode("ascii", "replace")


@lru_cache(256)  # a process wraps with one, and opens what some hundred processes wrapped
def _cipher(master: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, INFO).derive(master))
