"""What identity keeps: a node for each identifier, and at the root of a group the group itself.

A *group* is all identifiers that events ever brought together, whatever the guards say of it; its *people* are what the
guards leave of it. Everything in a group only grows in one sense (times get earlier, flags and words are added), so two
parts of it are joined in any order, and twice, with the same result.
"""

from functools import lru_cache

import msgspec

from schemas.ids import person_of

NEVER = (1 << 63) - 1
"""Time of what nobody has seen yet."""
LINKED = "linked"
UNLINKED = "unlinked"


class Word(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an operator said of two identifiers; of several words the latest holds."""

    decided_at: int
    event_id: str
    linked: bool


class Edge(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Two identifiers seen together: when first, in which event (NEVER and empty when there is nothing but an
    operator's word). ``verdict`` is what was last told of it: linked, unlinked or why it was refused; empty when
    nothing."""

    first_seen: int
    source_event_id: str
    word: Word | None = None
    verdict: str = ""


class Member(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An identifier of a group. ``name`` is what its node takes for its person, empty as long as the node's own report
    has not arrived; ``flag`` says why it joins nobody, ``used`` that touchpoints were published under it. ``edges`` go
    to weaker identifiers, ``back`` lists the stronger ones."""

    first_seen: int
    name: str = ""
    flag: str = ""
    used: bool = False
    edges: dict[str, Edge] = {}
    back: tuple[str, ...] = ()


class Group(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A group, or any part of one on its way to the root. ``clock`` is at least the version of every name in it."""

    clock: int
    members: dict[str, Member]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Group)
# One turn asks for the same group several times. Few are kept: a group may be large, and each change makes another.
_unpack = lru_cache(8)(_DECODER.decode)


class Node(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An identifier.

    ``first_seen`` in microseconds, by the senders' clocks; ``name`` is the person it belongs to, ``version`` grows with
    every change of that; ``used`` when a touchpoint was published under it, else ``former`` are names that one may have
    been published under by an owner that had lost the partition and did not know. ``up`` is a stronger identifier of
    the group, empty at its root, which has the ``group``, ``packed``: most events have nothing to do with it, so it is
    opened only for those that do.
    ``neighbours`` gives the time at which each other identifier was first seen with this one,
    ``flag`` says why it joins nobody, ``warned`` are neighbours who were told that many people use them.
    """

    first_seen: int
    name: str
    version: int = 0
    used: bool = False
    up: str = ""
    neighbours: dict[str, int] = {}
    flag: str = ""
    warned: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    packed: bytes = b""

    @property
    def group(self) -> Group | None:
        return _unpack(self.packed) if self.packed else None

    def with_group(self, group: Group | None) -> "Node":
        return msgspec.structs.replace(self, packed=_ENCODER.encode(group) if group is not None else b"")


def new_node(identifier: str) -> Node:
    """Nothing is known of it but its own name."""
    return Node(NEVER, person_of(identifier))
