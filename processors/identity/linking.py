"""The union protocol at one node: an asynchronous union-find over the identifiers.

Every node points ``up`` to a stronger identifier of its group, so pointers never form a circle, whatever crosses on
the way; the root has the whole group. Two groups are joined at the weaker root, which sends its group to the other.
Within a type the order is that of keyed hashes, a random one, which keeps the way up logarithmic (randomised linking:
Goel, Khanna, Larkin, Tarjan, SODA 2014); every name that comes from a root shortens it to one.

The functions take a node and give it back changed; what it sends is collected in the turn.
"""

import msgspec

from processors.identity.joining import gather, join_flags, parts_of
from processors.identity.people import people_of
from processors.identity.signals import Gather, Named, Seen, Unite
from processors.identity.state import Edge, Group, Member, Node
from processors.identity.turn import Turn
from schemas.identifiers import anchor_of, is_blocked
from schemas.reasons import HUB

replace = msgspec.structs.replace
FORMER_KEPT = 4
"""Names that a node held before its first touchpoint: more do not change between a crash and its replay."""


def note(node: Node, other: str, at: int, limit: int) -> Node:
    """Remembers that both were seen together; with more others than the limit the node is a hub."""
    if other not in node.neighbours and sum(not is_blocked(known) for known in node.neighbours) >= limit:
        return replace(node, flag=join_flags(node.flag, HUB))
    return replace(node, neighbours={**node.neighbours, other: min(at, node.neighbours.get(other, at))})


def report(node: Node, turn: Turn) -> Node:
    """Tells the root of its group what this node came to know of itself; without a group there is nobody to tell."""
    if not node.up and not node.packed:
        return node
    return rise(node, Group(0, {turn.me: _as_member(node, name="")}), turn)


def edge_between(anchor: str, other: str, at: int, edge: Edge) -> Group:
    """The smallest part of a group, from an event under ``anchor``."""
    ends = {anchor: Member(at, used=True), other: Member(at)}
    stronger = anchor_of(ends)
    weaker = other if stronger == anchor else anchor
    ends[stronger] = replace(ends[stronger], edges={weaker: edge})
    ends[weaker] = replace(ends[weaker], back=(stronger,))
    return Group(0, ends)


def seen_with(node: Node, signal: Seen, edge: Edge, turn: Turn) -> Node:
    """Joins the groups of both ends of an edge, at the end that did not see the event."""
    fresh = not node.used and not node.up and not node.packed
    if fresh and signal.word is not False and anchor_of((signal.root, turn.me)) == signal.root:
        # Nobody knows this identifier yet: it takes the other's person for its own until the root says otherwise.
        node = replace(node, name=signal.name, version=1)
    return unite(node, signal.root, edge_between(signal.other, turn.me, turn.cause.occurred_at, edge), turn)


def unite(node: Node, other: str, part: Group, turn: Turn) -> Node:
    """The group of this node and that of ``other``, which was a root some time ago, are one because of ``part``."""
    me = turn.me
    if other in (me, node.up) or (node.group is not None and _have_reported(node.group, part)):
        return rise(node, part, turn)
    if node.up:
        stronger = anchor_of((node.up, other))
        # The weaker one first, on the way from the edge; after that straight up to a root.
        if me in part.members and stronger == node.up:
            turn.signal(other, Unite(node.up, part))
        else:
            turn.signal(node.up, Unite(other, part))
        return node
    if anchor_of((me, other)) == me:
        turn.signal(other, Unite(me, part))
        return node
    whole, _ = gather(own_group(me, node), part)
    for number, piece in enumerate(parts_of(whole)):
        turn.signal(other, Gather(piece), number)
    return replace(node.with_group(None), up=other)


def rise(node: Node, part: Group, turn: Turn) -> Node:
    """Takes a part of the group in at its root, or sends it there."""
    if node.up:
        turn.signal(node.up, Gather(part))
        return node
    group, changed = gather(own_group(turn.me, node), part)
    return _settle(node, group, changed, turn)


def named(node: Node, signal: Named, turn: Turn) -> Node:
    """The root has decided who this is."""
    if anchor_of((node.up, signal.root)) != node.up:
        node = replace(node, up=signal.root)
    return _rename(node, signal.name, signal.version, signal.split, turn) if signal.version > node.version else node


def own_group(identifier: str, node: Node) -> Group:
    """The group at a root; one that was never joined is a group by itself."""
    return node.group or Group(node.version, {identifier: _as_member(node, node.name)})


def _as_member(node: Node, name: str) -> Member:
    return Member(node.first_seen, name, node.flag, node.used)


def _have_reported(group: Group, part: Group) -> bool:
    """Whether both ends of an edge are in the group already: then it joins nothing, whatever hint it came with."""
    return all(end in group.members and group.members[end].name for end in part.members)


def _settle(node: Node, group: Group, changed: tuple[str, ...], turn: Turn) -> Node:
    """Works out the people anew and tells everybody for whom something changed."""
    people, members = people_of(group, changed, turn.limits), dict(group.members)
    still, clock, told = set(people.names.values()), group.clock + 1, False
    for identifier, name in people.names.items():
        member = members[identifier]
        if member.name in ("", name):
            continue  # Who has not reported yet is told when they have.
        split = member.name in still
        if not (member.used or split):
            continue  # Downstream nobody asks for them; when they are used, they report.
        members[identifier], told = replace(member, name=name), True
        if identifier == turn.me:
            node = _rename(node, name, clock, split, turn)
        else:
            turn.signal(identifier, Named(name, clock, turn.me, split), clock)
    for (one, other), verdict in people.verdicts.items():
        member = members[one]
        edge = member.edges[other]
        if edge.verdict == verdict:
            continue
        told = True
        members[one] = replace(member, edges={**member.edges, other: replace(edge, verdict=verdict)})
        turn.judged(one, other, people.names.get(one, member.name), verdict, clock)
    return node.with_group(Group(clock if told else group.clock, members))


def _rename(node: Node, name: str, version: int, split: bool, turn: Turn) -> Node:
    old, node = node.name, replace(node, name=name, version=version)
    if old == name:
        return node
    if node.used:
        turn.renamed(old, node, split)
        return node
    former = dict.fromkeys((*node.former, old))
    former.pop(name, None)
    return replace(node, former=tuple(former)[-FORMER_KEPT:])
