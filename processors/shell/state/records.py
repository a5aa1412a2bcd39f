"""What is stored for a key: its state and the redirects of its parts, or the tombstone of somebody erased.

The state of a person consists of parts, one for each source profile (what is known under one identifier alone).
Identity joins source profiles to people and separates them again; a part moves to the person that its source profile
belongs to, and the key that it left stores a redirect, which late events follow. An active record also holds the hashes
of the last event ids of its key, because consumers may see duplicates. Where keys are not people, those are the events
that changed the state; ids of the others are stored in the partition's dedup window (dedup_window.py).
"""

from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from processors.shell.state.forwarded import Forwarded
from schemas.ids import HASH64_BYTES

WINDOW = 32
"""Event ids stored per key, as their hashes. Duplicates of older events are detected downstream: by the ledger's keys
and by the store."""


S = TypeVar("S", bound=msgspec.Struct)


class Redirect(NamedTuple):
    """Where a part is: with the person ``to``, or in this record when that is empty. Identity numbers the changes of a
    source profile's person; of two redirects the one with the higher ``version`` is the newer."""

    version: int
    to: str = ""


NO_REDIRECT = Redirect(0)
"""Of a part that no change named yet: its events are applied to this record."""


class Active(msgspec.Struct, Generic[S], frozen=True, array_like=True, tag="a", gc=False):
    """``state`` is None for a key of which nothing but event ids is stored; ``seen`` holds their hashes, concatenated,
    oldest first; ``redirects`` has one entry for each part that ever moved from or to this key, by source profile
    id."""

    state: S | None
    seen: bytes = b""
    redirects: dict[str, Redirect] = {}


class Erased(msgspec.Struct, frozen=True, array_like=True, tag="e"):
    """The tombstone of a person who asked to be forgotten: later events change nothing."""


StateRecord = Active[Any] | Erased


def extend_window(seen: bytes, added: bytes) -> bytes:
    """The dedup window after more events were applied; the oldest hashes are dropped."""
    return (seen + added)[-WINDOW * HASH64_BYTES :]


def not_in_window(known: bytes, seen: bytes) -> bytes:
    """The hashes of ``seen`` that ``known`` does not contain."""
    hashes = (seen[at : at + HASH64_BYTES] for at in range(0, len(seen), HASH64_BYTES))
    return b"".join(one for one in hashes if one not in known)


class StateRecordCodec:
    """State records and transfers as MessagePack, for the changelog, the stores and state-moved."""

    def __init__(self, state: type[msgspec.Struct]) -> None:
        active = Active[state]  # type: ignore[valid-type]
        self._encoder = msgspec.msgpack.Encoder()
        self._records: msgspec.msgpack.Decoder[StateRecord] = msgspec.msgpack.Decoder(active | Erased)
        self._transfers: msgspec.msgpack.Decoder[Active[Any] | Forwarded] = msgspec.msgpack.Decoder(active | Forwarded)

    def encode(self, record: StateRecord | Forwarded) -> bytes:
        return self._encoder.encode(record)

    def decode(self, raw: bytes) -> StateRecord:
        return self._records.decode(raw)

    def decode_transfer(self, raw: bytes) -> Active[Any] | Forwarded:
        """The ``state`` of a state-moved event: a part, or an event that follows one."""
        return self._transfers.decode(raw)
