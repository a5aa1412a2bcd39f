"""SUN messages of NTAG 424 DNA chips (NXP AN12196, 3.4): each tap gives another link.

``picc_data`` is the chip's UID and its read counter, encrypted with the meta-read key; ``cmac`` proves them, and
``enc``, the encrypted content of a file where the chip mirrors some, with the file-read key.
"""

import hmac
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.cmac import CMAC

from schemas.trust.signed import derived_key

BLOCK: Final = 16
MAC_BYTES: Final = 8
UID_BYTES: Final = 7
_PICC_TAG: Final = 0xC7
"""UID and counter are mirrored, the UID has seven bytes (AN12196, table 4)."""
_MAC_KEY: Final = b"\x3c\xc3\x00\x01\x00\x80"
_FILE_KEY: Final = b"\xc3\x3c\x00\x01\x00\x80"


class Tap(NamedTuple):
    """What a chip says: its UID (7 bytes) and how often it was read (3 bytes, little-endian)."""

    uid: bytes
    read: bytes

    @property
    def counter(self) -> int:
        """Grows with every tap."""
        return int.from_bytes(self.read, "little")


def meta_key(secret: bytes, brand: str, tag: str) -> bytes:
    """The meta-read key of the chips of a tag: the first 16 bytes of the derived key."""
    return derived_key(secret, "ntag424 meta", brand, tag)[:BLOCK]


def file_key(secret: bytes, brand: str, tag: str, uid: bytes) -> bytes:
    """The file-read key of one chip: who takes one chip apart has the key of no other."""
    return derived_key(secret, "ntag424 file", brand, tag, uid.hex())[:BLOCK]


def tap_of(picc_data: bytes, key: bytes) -> Tap | None:
    """The tap in encrypted PICC data; None where the key gives no such thing. :param picc_data: 16 bytes."""
    if len(picc_data) != BLOCK:
        return None
    plain = _decrypted(key, bytes(BLOCK), picc_data)
    return Tap(plain[1:8], plain[8:11]) if plain[0] == _PICC_TAG else None


def is_proven(tap: Tap, key: bytes, mac_input: bytes, cmac: bytes) -> bool:
    """Whether the CMAC is that of the chip with this file-read key. Compared in constant time.

    :param mac_input: the part of the link that the chip computes it over; nothing where it mirrors no file.
    """
    session = _cmac(key, _MAC_KEY + tap.uid + tap.read)
    return hmac.compare_digest(_cmac(session, mac_input)[1::2], cmac)


def file_of(tap: Tap, key: bytes, enc: bytes) -> bytes:
    """The mirrored content of the file. :param enc: whole blocks."""
    session = _cmac(key, _FILE_KEY + tap.uid + tap.read)
    vector = _encrypted(session, tap.read + bytes(BLOCK - len(tap.read)))
    return _decrypted(session, vector, enc)


def _cmac(key: bytes, message: bytes) -> bytes:
    mac = CMAC(AES128(key))
    mac.update(message)
    return mac.finalize()


def _decrypted(key: bytes, vector: bytes, content: bytes) -> bytes:
    decryptor = Cipher(AES128(key), CBC(vector)).decryptor()
    return decryptor.update(content) + decryptor.finalize()


def _encrypted(key: bytes, block: bytes) -> bytes:
    encryptor = Cipher(AES128(key), CBC(bytes(BLOCK))).encryptor()
    return encryptor.update(block) + encryptor.finalize()
