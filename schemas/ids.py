"""Deterministic ids: the same cause gives the same id, in every replay and on every machine."""

import hashlib
import struct
from functools import lru_cache
from uuid import UUID

NAMESPACE = UUID("5f0c6a3e-2d4b-5c0f-9a55-0f00779a7b1d")


def derived(noun: str, *parts: str) -> str:
    """Id of something that follows from ``parts``, e.g. ``derived("reward", rule, person, source_event)``.

    Parts are joined by a separator that no id may contain, so different parts never give the same id. The text of a
    version 5 UUID (RFC 9562, section 5.5), made without the objects of the uuid module, which take three times as long.
    """
    name = "\x1f".join((noun, *parts)).encode()
    digits = bytearray(hashlib.sha1(NAMESPACE.bytes + name, usedforsecurity=False).digest()[:16])
    digits[6] = digits[6] & 0x0F | 0x50
    digits[8] = digits[8] & 0x3F | 0x80
    text = digits.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def person_of(identifier: str) -> str:
    """Person that an identifier belongs to as long as it is joined to no other."""
    return derived("person", identifier)


def digest(content: bytes) -> str:
    """Short content hash (64 bits, hex) that names a version of a configuration."""
    return hashlib.sha256(content).hexdigest()[:16]


MARK_BYTES = 8


def mark_bytes(text: str) -> bytes:
    """64 bits that stand for an id where many are kept. Two of a billion ids share one with a chance of some 3 %."""
    return hashlib.blake2b(text.encode(), digest_size=MARK_BYTES).digest()


def mark(text: str) -> int:
    """The same as a number."""
    return int.from_bytes(mark_bytes(text), "big")


@lru_cache(100_000)  # the same people come again and again
def partition_of(key: str, partitions: int) -> int:
    """Partition of a text key: murmur2 as Kafka's own default partitioner does it, so that every client agrees."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions


_MIX = 0x5BD1E995
_SEED = 0x9747B28C
_BITS = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """The hash of 32 bits that Kafka's clients partition by: MurmurHash2 by A. Appleby with their seed.

    In a large town nearly every key is a new one, and aiokafka's own goes byte by byte: 7 µs for a UUID instead of 4.
    """
    hashed = _SEED ^ len(data)
    for word in struct.unpack_from(f"<{len(data) >> 2}I", data):
        word = word * _MIX & _BITS
        hashed = (hashed * _MIX ^ (word ^ word >> 24) * _MIX) & _BITS
    if rest := len(data) & 3:
        hashed = (hashed ^ int.from_bytes(data[-rest:], "little")) * _MIX & _BITS
    hashed = (hashed ^ hashed >> 13) * _MIX & _BITS
    return hashed ^ hashed >> 15
