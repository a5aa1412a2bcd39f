"""What identity stores: a node for each identifier, and at the root of a component the component itself.

A *component* is all identifiers that events ever brought together, whether or not the guards accepted it; its *people*
are what the guards leave of it. Each field of a component changes in one direction only (times get earlier, flags and
overrides are added), so two fragments of it merge to the same result in any order, and also when repeated.
"""

from functools import lru_cache

import msgspec

from schemas.consent.choices import NOTHING_SAID, Consents
from schemas.identifiers.rotation import says_same_value
from schemas.ids import person_of

NEVER = (1 << 63) - 1
"""First-seen time of what was not seen yet."""
LINKED = "linked"
UNLINKED = "unlinked"


class Override(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An operator's statement about two identifiers; of several the latest counts."""

    decided_at: int
    event_id: str
    linked: bool

    @property
    def same_value(self) -> bool:
        """Whether the two are one value under two keys, for which all guards count them once."""
        return self.linked and says_same_value(self.event_id)


class Edge(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Two identifiers seen together: the time and event of the first evidence (NEVER and empty when there is only an
    override), and the period of the latest (neighbours.py). ``status`` is the one last published: linked, unlinked or
    the reason why the edge was refused; empty before the first. ``free``: some evidence is of a place that does not ask
    for consent first; ``asked_at`` is the latest time of evidence of places that do (consent.py), 0 for none."""

    first_seen: int
    source_event_id: str
    override: Override | None = None
    status: str = ""
    last_period: int = 0
    free: bool = True
    asked_at: int = 0


class Member(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An identifier of a component. ``person_id`` is the one that its node has, empty until the node's own report
    arrived; ``flag`` is the reason why it joins nobody, ``used`` whether touchpoints were published under it. ``edges``
    lead to weaker identifiers; ``stronger_ends`` lists the stronger identifiers that have an edge to this one.
    ``declined`` lists the other ends whose edges its node declines, as of that node's ``revision``. ``said`` is what
    was said of the identifier about being recognised."""

    first_seen: int
    person_id: str = ""
    flag: str = ""
    used: bool = False
    edges: dict[str, Edge] = {}
    stronger_ends: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()
    revision: int = 0
    said: Consents = NOTHING_SAID


class Component(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A component, or a fragment of one on its way to the root. ``clock`` is at least the version of every person id
    in it. ``dead`` are the identifiers that were erased, sorted: they are no members, and no member's edge leads to one
    of them."""

    clock: int
    members: dict[str, Member]
    dead: tuple[str, ...] = ()


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Component)
# Applying one event reads the same component several times. The cache is small: a component may be large, and each
# change makes another.
_unpack = lru_cache(8)(_DECODER.decode)


class Asked(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Evidence of an edge of places that ask for consent first: the latest time, the one that was sent last, and
    whether there is other evidence, too."""

    last: int
    sent: int
    free: bool


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What trust in the next scan of a device depends on (trust.py): the last store with coordinates in which it was,
    and when; the start of a minute, and its scans. Times in microseconds; 0: none."""

    store: str = ""
    store_at: int = 0
    window_at: int = 0
    count: int = 0


NOT_SEEN = Seen()


class Node(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An identifier.

    ``first_seen`` is in microseconds, by the senders' clocks. ``person_id`` is the person that it belongs to,
    ``version`` grows with every change of that. ``used``: a touchpoint was published under it; before that,
    ``former_person_ids`` are persons under which a touchpoint may have been published by a former owner of the
    partition that did not know it had lost it. ``parent`` is a stronger identifier of the component, empty at its root.
    The root stores the component, ``packed`` as MessagePack: most events do not need it, so it is decoded only for
    those that do. ``neighbours`` has the time at which each other identifier was first seen with this one, ``flag`` is
    the reason why it joins nobody, ``notified`` lists neighbours that were sent that many people use them.

    The other fields are of identifiers that many share (neighbours.py). ``last_periods`` has the period in which a
    neighbour was last seen with this one, where that is not the first. ``overflowed``: there were more neighbours than
    are stored. ``declined`` lists the other ends of edges in the component that do not count, ``withheld`` those of
    edges that are not in the component; ``revision`` grows with every change of ``declined``.

    ``said``, ``asked`` (by neighbour) and ``told`` (times at which something was said of a weaker neighbour) are about
    consent (consent.py).

    ``seen`` is of a device (trust.py).

    ``dead``: the identifier was erased; what the protocol needs is all that is left (erasure.py). ``forgotten`` counts
    the dead neighbours that the node has forgotten.
    """

    first_seen: int
    person_id: str
    version: int = 0
    used: bool = False
    parent: str = ""
    neighbours: dict[str, int] = {}
    flag: str = ""
    notified: tuple[str, ...] = ()
    former_person_ids: tuple[str, ...] = ()
    packed: bytes = b""
    last_periods: dict[str, int] = {}
    overflowed: bool = False
    declined: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    revision: int = 0
    said: Consents = NOTHING_SAID
    asked: dict[str, Asked] = {}
    told: dict[str, tuple[int, ...]] = {}
    dead: bool = False
    forgotten: int = 0
    seen: Seen = NOT_SEEN

    @property
    def component(self) -> Component | None:
        """The component at its root, else None."""
        return _unpack(self.packed) if self.packed else None

    def with_component(self, component: Component | None) -> "Node":
        """The node with another component, or without one."""
        return msgspec.structs.replace(self, packed=_ENCODER.encode(component) if component is not None else b"")


def new_node(identifier: str) -> Node:
    """An identifier that was never seen; it belongs to the person derived from itself."""
    return Node(NEVER, person_of(identifier))
