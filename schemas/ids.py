"""Deterministic ids: the same cause gives the same id, in every replay and on every machine."""

import hashlib
from uuid import UUID

NAMESPACE = UUID("5f0c6a3e-2d4b-5c0f-9a55-0f00779a7b1d")


def derived(noun: str, *parts: str) -> str:
    """Id of something that is determined by ``parts``, such as ``derived("reward", rule, person, source_event)``.

    Parts are joined by a separator that no id may contain, so different parts never give the same id. The result is the
    text of a version 5 UUID (RFC 9562, section 5.5); building it with the uuid module takes three times as long.
    """
    name = "\x1f".join((noun, *parts)).encode()
    digits = bytearray(hashlib.sha1(NAMESPACE.bytes + name, usedforsecurity=False).digest()[:16])
    digits[6] = digits[6] & 0x0F | 0x50
    digits[8] = digits[8] & 0x3F | 0x80
    text = digits.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


SLASH = "/"
"""Separates a sender's namespace from its own id of an event; neither of the two can contain it."""


def event_id_of(namespace: str, own_id: str) -> str:
    """Id of an event: a sender's own id counts within its namespace, which may be the empty one."""
    return f"{namespace}{SLASH}{own_id}" if namespace else own_id


def own_id_of(event_id: str) -> str:
    """The id of an event as its sender gave it."""
    return event_id.rpartition(SLASH)[2]


def namespace_of(event_id: str) -> str:
    """The namespace of an event's sender; empty for scans and where the brand gives the sender none."""
    return event_id.rpartition(SLASH)[0]


def person_of(identifier: str) -> str:
    """Source profile of an identifier: the person that it belongs to while it is joined to no other."""
    return derived("person", identifier)


def digest(content: bytes) -> str:
    """Short content hash (64 bits, hex) that names a version of a configuration."""
    return hashlib.sha256(content).hexdigest()[:16]


HASH64_BYTES = 8


def hash64_bytes(text: str) -> bytes:
    """64 bits that stand for an id where many are remembered. Among a billion ids two share one with a chance of 3
    %."""
    return hashlib.blake2b(text.encode(), digest_size=HASH64_BYTES).digest()


def hash64(text: str) -> int:
    """``hash64_bytes`` as an unsigned number."""
    return int.from_bytes(hash64_bytes(text), "big")
