"""What is stored for a key: its state, the redirects of its parts, and the marks of source profiles that are erased.

The state of a person consists of parts, one for each source profile (what is known under one identifier alone).
Identity joins source profiles to people and separates them again; a part moves to the person that its source profile
belongs to, and the key that it left stores a redirect, which late events follow. An active record also holds the hashes
of the last event ids of its key, because consumers may see duplicates. Where keys are not people, those are the events
that changed the state; ids of the others are stored in the partition's dedup window (dedup_window.py).
"""

from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from processors.shell.state.forwarded import Forwarded
from processors.step import Migration, Processor
from schemas.ids import HASH64_BYTES
from schemas.process.errors import OperatorError

WINDOW = 32
"""Event ids stored per key, as their hashes. Duplicates of older events are detected downstream: by the ledger's keys
and by the store."""


S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")


class StateUnreadable(OperatorError):
    """The disk fails, or the state was written by other code: no record is at fault, and the worker has to stop."""


class Redirect(NamedTuple):
    """Where a part is: with the person ``to``, or in this record when that is empty. Identity numbers the changes of a
    source profile's person; of two redirects the one with the higher ``version`` is the newer."""

    version: int
    to: str = ""


NO_REDIRECT = Redirect(0)
"""Of a part that no change named yet: its events are applied to this record."""
ERASED = Redirect((1 << 63) - 1, "erased")
"""The mark of a source profile that is erased, a redirect that leads nowhere: nothing of it is taken at this key any
more. No version is higher, so it stays for ever."""


class Active(msgspec.Struct, Generic[S], frozen=True, array_like=True, tag="a", gc=False):
    """``state`` is None for a key of which nothing but event ids is stored; ``seen`` holds their hashes, concatenated,
    oldest first; ``redirects`` has one entry for each part that ever moved from or to this key, by source profile
    id."""

    state: S | None
    seen: bytes = b""
    redirects: dict[str, Redirect] = {}


StateRecord = Active[Any]


def extend_window(seen: bytes, added: bytes) -> bytes:
    """The dedup window after more events were applied; the oldest hashes are dropped."""
    return (seen + added)[-WINDOW * HASH64_BYTES :]


def not_in_window(known: bytes, seen: bytes) -> bytes:
    """The hashes of ``seen`` that ``known`` does not contain."""
    hashes = (seen[at : at + HASH64_BYTES] for at in range(0, len(seen), HASH64_BYTES))
    return b"".join(one for one in hashes if one not in known)


class StateRecordCodec:
    """State records and transfers as MessagePack, for the changelog, the stores and state-moved.

    The tag of an active record says the version of its state: ``a`` is version 1, ``a2`` version 2. Fields that are
    appended with defaults make no new version: the release before skips them, this one finds the defaults. Any other
    change needs a migration.

    :param migrations: of the processor, see `processors.step.Processor`. :param name: of the processor, for errors.
    """

    def __init__(self, state: type[msgspec.Struct], migrations: Sequence[Migration] = (), name: str = "") -> None:
        active = Active[state]  # type: ignore[valid-type]
        self._migrations = migrations
        self._name = name
        self._version = len(migrations) + 1
        self._encoder = msgspec.msgpack.Encoder()
        self._records: msgspec.msgpack.Decoder[StateRecord] = msgspec.msgpack.Decoder(active)
        self._transfers: msgspec.msgpack.Decoder[Active[Any] | Forwarded] = msgspec.msgpack.Decoder(active | Forwarded)

    @classmethod
    def of(cls, processor: Processor[Any]) -> "StateRecordCodec":
        """The codec of a processor's state."""
        return cls(processor.state, processor.migrations, processor.name)

    def encode(self, record: StateRecord | Forwarded) -> bytes:
        raw = self._encoder.encode(record)
        return _with_version(raw, self._version) if self._version > 1 and type(record) is Active else raw

    def decode(self, raw: bytes) -> StateRecord:
        """:raises StateUnreadable: it is of a newer version, or no record of this processor's."""
        try:
            return self._decode(self._records, raw)
        except msgspec.MsgspecError as error:
            raise StateUnreadable(
                f"the state of a key of {self._name} cannot be read ({type(error).__name__}): {self._rebuild}, "
                "which makes it anew from its topics"
            ) from error

    def decode_transfer(self, raw: bytes) -> Active[Any] | Forwarded:
        """The ``state`` of a state-moved event: a part, or an event that follows one.

        :raises StateUnreadable: it is of a newer version. :raises msgspec.MsgspecError: it is no transfer of this
            processor's.
        """
        return self._decode(self._transfers, raw)

    def _decode(self, decoder: msgspec.msgpack.Decoder[T], raw: bytes) -> T:
        if self._version == 1:
            try:
                return decoder.decode(raw)
            except msgspec.MsgspecError:
                if (_version_of(raw) or 1) == 1:
                    raise
        version = _version_of(raw)
        if version is None:
            return decoder.decode(raw)
        if version > self._version:
            raise StateUnreadable(
                f"the state of {self._name} is of version {version}, and this release reads it up to version "
                f"{self._version}: run the newer release again, or {self._rebuild} with this one"
            )
        raw = _with_version(raw, 1)
        return decoder.decode(raw if version == self._version else self._migrated(raw, version))

    @property
    def _rebuild(self) -> str:
        return f"stop the workers of {self._name} and run `footpath replay state {self._name} --write`"

    def _migrated(self, raw: bytes, version: int) -> bytes:
        tag, state, *rest = msgspec.msgpack.decode(raw)
        for migration in self._migrations[version - 1 :]:
            state = migration(state) if state is not None else None
        return self._encoder.encode([tag, state, *rest])


def _version_of(raw: bytes) -> int | None:
    """The version of an active record; None: it is none. Its tag is a MessagePack string of less than 32 bytes."""
    tag = raw[2 : 2 + (raw[1] & 0x1F)] if len(raw) > 2 and raw[1] & 0xE0 == 0xA0 else b""
    if tag[:1] != b"a" or not (tag == b"a" or tag[1:].isdigit()):
        return None
    return int(tag[1:] or b"1")


def _with_version(raw: bytes, version: int) -> bytes:
    tag = b"a" if version == 1 else b"a%d" % version
    return raw[:1] + bytes([0xA0 | len(tag)]) + tag + raw[2 + (raw[1] & 0x1F) :]
