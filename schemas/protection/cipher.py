"""Protected bytes: AES-256-GCM, with a key of their own for every record.

The form is ``MAGIC``, one byte with the length of the key's id, the id, a salt, the ciphertext with its tag. HKDF
(RFC 5869) with SHA-256 derives the record's key and nonce from the named key and the salt, so that no number of
records wears out a key, and a record needs nothing but the named key. All before the ciphertext is authenticated.

The salt is a keyed hash of the content (a synthetic initialisation vector, as in RFC 5297): a key and a nonce never
protect two contents, and a replay that meets the same bytes again stores the same bytes.
"""

import hashlib
import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from schemas.protection.key_file import KEY_BYTES

MAGIC: Final = b"FPR\x01"
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
INFO: Final = b"footpath rejected event"


class Damaged(ValueError):
    """Protected bytes that were changed or cut, or that another key of the same id protects."""


def protect(content: bytes, key_id: str, key: bytes) -> bytes:
    """The content in protected form. :param key_id: 1 to 255 ASCII characters. :param key: 32 bytes."""
    name = key_id.encode("ascii")
    salt = hmac.digest(key, INFO + content, hashlib.sha256)[:SALT_BYTES]
    head = MAGIC + bytes([len(name)]) + name + salt
    cipher, nonce = _record_cipher(key, salt)
    return head + cipher.encrypt(nonce, content, head)


def reveal(protected: bytes, key: bytes) -> bytes:
    """The content. :raises Damaged: see there."""
    if not is_protected(protected):
        raise Damaged("the bytes have no header")
    start = len(MAGIC) + 1 + protected[len(MAGIC)] + SALT_BYTES
    head = protected[:start]
    cipher, nonce = _record_cipher(key, head[-SALT_BYTES:])
    try:
        return cipher.decrypt(nonce, protected[start:], head)
    except InvalidTag:
        raise Damaged("the bytes are damaged") from None


def is_protected(content: bytes) -> bool:
    """Whether the bytes have the form of protected ones."""
    at = len(MAGIC)
    return content.startswith(MAGIC) and len(content) > at and len(content) > at + 1 + content[at] + SALT_BYTES


def key_id_of(protected: bytes) -> str:
    """Id of the key that protects these bytes, which have the form of protected ones."""
    start = len(MAGIC) + 1
    return protected[start : start + protected[len(MAGIC)]].decode("ascii", "replace")


def _record_cipher(key: bytes, salt: bytes) -> tuple[AESGCM, bytes]:
    derived = HKDF(SHA256(), KEY_BYTES + NONCE_BYTES, salt, INFO).derive(key)
    return AESGCM(derived[:KEY_BYTES]), derived[KEY_BYTES:]
