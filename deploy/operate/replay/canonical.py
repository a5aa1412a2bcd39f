"""State records in a form that is the same in whatever order records of different topics were applied.

Topics have no order among each other, so two runs over the same records may apply an event and the messages of other
partitions about it in either order. The canonical form leaves out what that order alone decides and nothing else: the
dedup window of a key (the last 32 event ids of all its topics, in the order of their arrival), and of the state what
``Processor.canonical`` leaves out.
"""

import hashlib
from typing import Any

import msgspec

from processors.shell.state.records import StateRecordCodec, StateUnreadable
from processors.step import Processor

UNREADABLE = b"unreadable"


class CanonicalForm:
    """The canonical form of one processor's changelog rows."""

    def __init__(self, processor: Processor[Any]) -> None:
        self._records = StateRecordCodec.of(processor)
        self._canonical = processor.canonical

    def of(self, row: bytes) -> bytes | None:
        """Equal bytes for equal states and redirects; None for a record that has neither. A record that this code does
        not read equals none that it writes."""
        try:
            record = self._records.decode(row)
        except StateUnreadable:
            return UNREADABLE
        if record.state is None and not record.redirects:
            return None
        state = self._canonical(record.state) if record.state is not None else None
        return _bytes((state, record.redirects))


def hash_of(key: bytes, canonical: bytes) -> int:
    """128 bits that stand for a key with its state; their sum does not depend on the order of the keys."""
    digest = hashlib.blake2b(len(key).to_bytes(4, "big") + key + canonical, digest_size=16).digest()
    return int.from_bytes(digest, "big")


def _bytes(node: Any) -> bytes:
    return msgspec.msgpack.encode(_sorted(msgspec.to_builtins(node, builtin_types=(bytes,))))


def _sorted(node: Any) -> Any:
    """Mappings become lists of pairs in the order of their keys, which need not be text."""
    if isinstance(node, dict):
        return [(key, _sorted(node[key])) for key in sorted(node)]
    if isinstance(node, list | tuple):
        return [_sorted(one) for one in node]
    return node
