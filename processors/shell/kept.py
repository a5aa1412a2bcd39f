"""What is stored for a key: a state that lives, has moved to another person, or was erased.

An active state carries a window of the ids of the last events that it took: every consumer may see duplicates.
"""

from typing import Any, Generic, TypeVar

import msgspec

from schemas.events import TouchpointIdentified
from schemas.ids import MARK_BYTES

WINDOW = 32
"""Ids remembered per key, by their marks. Duplicates of older events are caught further on: by the ledger's keys and by
the store."""


S = TypeVar("S", bound=msgspec.Struct)


class Active(msgspec.Struct, Generic[S], frozen=True, array_like=True, tag="a", gc=False):
    """``state`` is None for a key whose events left nothing to keep but their ids; ``seen`` is their marks in a row."""

    state: S | None
    seen: bytes = b""


class Moved(msgspec.Struct, frozen=True, array_like=True, tag="m"):
    """The person is now known as ``to``: events are forwarded there."""

    to: str


class Erased(msgspec.Struct, frozen=True, array_like=True, tag="e"):
    """The person asked to be forgotten: later events change nothing."""


class Forwarded(msgspec.Struct, frozen=True, array_like=True, tag="f"):
    """An event on its way to the person that its own person merged into. Travels as a state does; never stored for a
    key."""

    event: TouchpointIdentified


Kept = Active[Any] | Moved | Erased


def remember(seen: bytes, fresh: bytes) -> bytes:
    """The window after more events were taken; the oldest marks fall out."""
    return (seen + fresh)[-WINDOW * MARK_BYTES :]


def unknown_to(known: bytes, seen: bytes) -> bytes:
    """The marks of ``seen`` that ``known`` does not have."""
    marks = (seen[at : at + MARK_BYTES] for at in range(0, len(seen), MARK_BYTES))
    return b"".join(mark for mark in marks if mark not in known)


class KeptCodec:
    """Bytes of what is kept or moved, for the changelog, the stores and state-moved: MessagePack."""

    def __init__(self, state: type[msgspec.Struct]) -> None:
        active = Active[state]  # type: ignore[valid-type]
        self._encoder = msgspec.msgpack.Encoder()
        self._kept: msgspec.msgpack.Decoder[Kept] = msgspec.msgpack.Decoder(active | Moved | Erased)
        self._parcel: msgspec.msgpack.Decoder[Active[Any] | Forwarded] = msgspec.msgpack.Decoder(active | Forwarded)

    def encode(self, kept: Kept | Forwarded) -> bytes:
        return self._encoder.encode(kept)

    def decode(self, raw: bytes) -> Kept:
        return self._kept.decode(raw)

    def decode_parcel(self, raw: bytes) -> Active[Any] | Forwarded:
        """What a state-moved event carries."""
        return self._parcel.decode(raw)
