"""Deterministic ids: the same cause gives the same id, in every replay and on every machine."""

import hashlib
from functools import lru_cache
from uuid import UUID

from aiokafka.partitioner import murmur2

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


@lru_cache(100_000)  # the hash is computed in Python, and the same people come again and again
def partition_of(key: str, partitions: int) -> int:
    """Partition of a text key: murmur2 as Kafka's own default partitioner does it, so that every client agrees."""
    return int(murmur2(key.encode()) & 0x7FFFFFFF) % partitions
