"""What is stored for a key: a state with the places of its parts, or the mark of somebody erased.

What is kept for a person is made of parts, each of one own person: the person of one identifier alone. Identity joins
identifiers to people and parts them again; a part goes where its own person's name goes, and the key that it left
remembers where, so that late events follow it. An active state also carries a window of the ids of the last events that
it took: every consumer may see duplicates. Where keys are no persons, that window has the events that changed the
state; the others are remembered by the partition (recent.py).
"""

from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from schemas.events import TouchpointIdentified
from schemas.ids import MARK_BYTES

WINDOW = 32
"""Ids remembered per key, by their marks. Duplicates of older events are caught further on: by the ledger's keys and by
the store."""


S = TypeVar("S", bound=msgspec.Struct)


class Place(NamedTuple):
    """Where a part is: with the person ``to``, or here when that is empty. Identity counts the names of an own person;
    of two places that of the higher ``version`` is the newer."""

    version: int
    to: str = ""


UNHEARD = Place(0)
"""Of a part that nobody said anything about yet: what comes for it is taken here."""


class Active(msgspec.Struct, Generic[S], frozen=True, array_like=True, tag="a", gc=False):
    """``state`` is None for a key whose events left nothing to keep but their ids; ``seen`` is their marks in a row;
    ``where`` has the places of the parts that were ever moved to or from here, by their own person."""

    state: S | None
    seen: bytes = b""
    where: dict[str, Place] = {}


class Erased(msgspec.Struct, frozen=True, array_like=True, tag="e"):
    """The person asked to be forgotten: later events change nothing."""


class Forwarded(msgspec.Struct, frozen=True, array_like=True, tag="f"):
    """An event on its way to the person that its own person's part went to. Travels as a part does; never stored for a
    key."""

    event: TouchpointIdentified


Kept = Active[Any] | Erased


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
        self._kept: msgspec.msgpack.Decoder[Kept] = msgspec.msgpack.Decoder(active | Erased)
        self._parcel: msgspec.msgpack.Decoder[Active[Any] | Forwarded] = msgspec.msgpack.Decoder(active | Forwarded)

    def encode(self, kept: Kept | Forwarded) -> bytes:
        return self._encoder.encode(kept)

    def decode(self, raw: bytes) -> Kept:
        return self._kept.decode(raw)

    def decode_parcel(self, raw: bytes) -> Active[Any] | Forwarded:
        """What a state-moved event carries."""
        return self._parcel.decode(raw)
