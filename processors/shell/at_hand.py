"""States of a partition as its desk works on them: the latest used are at hand, the others in the store.

They come in two generations, so that those that nobody asks for again go together, and cost nothing while they stay.

Rows of a run of records can be read while the desk is busy with the run before, since RocksDB reads without Python's
lock. What was read so is as it was then. Only a state that is at hand ever changes, and it stays there until its row is
in the store; so whatever was changed since is in the generation that was young then, or in a younger one, and comes
first. Once that one is gone, what was read counts for nothing.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import NamedTuple

from processors.shell.kept import Kept, KeptCodec
from processors.shell.store import Store

YOUNG_KEYS = 10_000
"""States of a generation after which the next one begins with a commit."""


class Asked(NamedTuple):
    """Rows that are being read for these keys, and the states that were young when that began."""

    keys: list[bytes]
    rows: Future[list[bytes | None]]
    young: dict[bytes, Kept]


class AtHand:
    """:param store: complete."""

    def __init__(self, store: Store, codec: KeptCodec) -> None:
        self.young: dict[bytes, Kept] = {}
        self._old: dict[bytes, Kept] = {}
        self._read: Mapping[bytes, bytes | None] = {}
        self._store = store
        self._codec = codec

    def find(self, key: bytes) -> Kept | None:
        """What is kept for a key that is not among the young ones; from now on it is."""
        kept = self._old.get(key)
        if kept is None:
            raw = self._read[key] if key in self._read else self._store.get(key)
            if raw is None:
                return None
            kept = self._codec.decode(raw)
        self.young[key] = kept
        return kept

    def ask(self, keys: Iterable[bytes | None]) -> Asked | None:
        """Begins to read what these keys will need; None where that brings nothing."""
        young, old = self.young, self._old
        missing = [key for key in keys if key is not None and key not in young and key not in old]
        rows = self._store.ahead(missing)
        return Asked(missing, rows, young) if rows is not None else None

    def use(self, asked: Asked | None) -> None:
        """From now on finds what was asked for, if it was read meanwhile and is still true, and nothing else that was
        read before."""
        self._read = {}
        if asked is None:
            return
        if not asked.rows.done():
            asked.rows.cancel()
        elif asked.young is self.young or asked.young is self._old:
            self._read = dict(zip(asked.keys, asked.rows.result(), strict=True))

    def committed(self) -> None:
        """Every row that was changed before the last one was handed out is in the store now."""
        if len(self.young) > YOUNG_KEYS:
            # What was changed since then is in the next commit, and stays at hand until the one after that.
            self._old, self.young = self.young, {}
