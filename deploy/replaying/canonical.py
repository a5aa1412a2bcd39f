"""States in a form that does not hang on the moment at which records of different topics were taken.

Topics have no order among each other, so two runs over the same records may take an event and what other partitions say
about it in either order. What that order alone decides is left out, and nothing else: the window of ids that a key has
taken (the last 32 of all its topics, in the order in which they came); of identity how often a group was worked out
(versions, clocks), by which way an identifier points to its root, names that nobody was ever told (of identifiers that
no touchpoint was published under), and the order of lists whose order means nothing. Whom an identifier was seen with
first, when it was seen with too many to remember them all, hangs on that order as well and is compared all the same.
"""

import hashlib
from typing import Any

import msgspec

from processors.identity.state import Group, Node
from processors.likeness.state import Block
from processors.shell.kept import Active, Erased, KeptCodec
from processors.step import Processor

replace = msgspec.structs.replace
ERASED = b"erased"


class Canonical:
    """Of the rows of one processor."""

    def __init__(self, processor: Processor[Any]) -> None:
        self._codec = KeptCodec(processor.state)

    def of(self, raw: bytes) -> bytes | None:
        """What a row says of its key; None when that is nothing."""
        kept = self._codec.decode(raw)
        if isinstance(kept, Erased):
            return ERASED
        assert isinstance(kept, Active)
        if kept.state is None and not kept.where:
            return None
        return _bytes((_state(kept.state), kept.where))


def hash_of(key: bytes, canonical: bytes) -> int:
    """128 bits that stand for a row; sums of them do not hang on the order of rows."""
    digest = hashlib.blake2b(len(key).to_bytes(4, "big") + key + canonical, digest_size=16).digest()
    return int.from_bytes(digest, "big")


def _state(state: Any) -> Any:
    match state:
        case Node():
            bare = replace(state, version=0, up="", former=(), packed=b"", warned=tuple(sorted(state.warned)))
            return (bare if state.used else replace(bare, name="")), _group(state.group)
        case Block():
            return state.crowded, sorted(_bytes(held) for held in state.held)
        case _:
            return state


def _group(group: Group | None) -> Any:
    if group is None:
        return None
    return {
        identifier: replace(member, name=member.name if member.used else "", back=tuple(sorted(member.back)))
        for identifier, member in group.members.items()
    }


def _bytes(node: Any) -> bytes:
    return msgspec.msgpack.encode(_sorted(msgspec.to_builtins(node, builtin_types=(bytes,))))


def _sorted(node: Any) -> Any:
    """Maps as lists of pairs in the order of their keys, which need not be text."""
    if isinstance(node, dict):
        return [(key, _sorted(node[key])) for key in sorted(node)]
    if isinstance(node, list | tuple):
        return [_sorted(one) for one in node]
    return node
