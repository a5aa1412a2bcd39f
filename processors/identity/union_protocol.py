"""The union protocol at one node: an asynchronous union-find over the identifiers.

Every node points to a ``parent``, a stronger identifier of its component, so pointers never form a cycle, whatever
signals cross on the way; the root stores the whole component. Two components are joined at the weaker root, which sends
its component to the other. Within a type identifiers are ordered by keyed hash, a random order, which keeps the path to
the root logarithmic (randomised linking: Goel, Khanna, Larkin, Tarjan, SODA 2014); every ``PersonAssigned`` from a root
shortens it to one.

The functions take a node and return it changed; the signals that follow are collected in ``effects``.
"""

import msgspec

from processors.identity.consent import withdrew
from processors.identity.effects import NodeEffects
from processors.identity.fragments import fragments_of, merge_components
from processors.identity.people import people_of
from processors.identity.signals import EdgeSeen, LimitsChanged, MergeComponent, PersonAssigned, Union
from processors.identity.state import Component, Edge, Member, Node
from processors.step import PURGE
from schemas.identifiers.types import strongest

replace = msgspec.structs.replace
FORMER_KEPT = 4
"""Persons that a node remembers from before its first touchpoint: more changes do not fit between a crash and its
replay."""
OWN_REPORT, PASSED_ON = -1, -2
"""Numbers of a node's report about itself, and of a fragment that it passes on. One event may send both to the same
root, and a node that was a root when the event came first has sent that root its whole component, numbered from 0."""


def report_member(node: Node, effects: NodeEffects) -> Node:
    """Sends what the node learned about itself to its root; a node without a component has nobody to send it to."""
    if not node.parent and not node.packed:
        return node
    return forward_to_root(
        node, Component(0, {effects.identifier: _as_member(node, person_id="")}), effects, OWN_REPORT
    )


def edge_between(one: str, other: str, at: int, edge: Edge) -> Component:
    """The fragment that consists of one edge; the stronger end was the primary identifier of an event with both."""
    stronger = strongest((one, other))
    weaker = other if stronger == one else one
    return Component(
        0, {stronger: Member(at, used=True, edges={weaker: edge}), weaker: Member(at, stronger_ends=(stronger,))}
    )


def join_ends(node: Node, signal: EdgeSeen, edge: Edge, effects: NodeEffects) -> Node:
    """Joins the components of both ends of an edge, at the end that received the signal."""
    me, at = effects.identifier, effects.cause.occurred_at if signal.override is not None else edge.first_seen
    fresh = not node.used and not node.parent and not node.packed
    agreed = signal.agreed and not (node.said.says_something and withdrew(node.said, at, effects.limits))
    if fresh and agreed and signal.override is not False and strongest((signal.root, me)) == signal.root:
        # No event was published under this identifier: it takes the other's person until the root assigns one.
        node = replace(node, person_id=signal.person_id, version=1)
    return unite(node, signal.root, edge_between(signal.other, me, at, edge), effects)


def unite(node: Node, other_root: str, fragment: Component, effects: NodeEffects) -> Node:
    """Joins the component of this node with that of ``other_root``, which was a root some time ago, because of
    ``fragment``; or passes the union on towards the roots."""
    me = effects.identifier
    if other_root in (me, node.parent) or (node.component is not None and _have_reported(node.component, fragment)):
        return forward_to_root(node, fragment, effects)
    if node.parent:
        stronger = strongest((node.parent, other_root))
        # Coming from the edge, the weaker of the two is next; after that the path goes straight up to a root.
        if me in fragment.members and stronger == node.parent:
            effects.send(other_root, Union(node.parent, fragment))
        else:
            effects.send(node.parent, Union(other_root, fragment))
        return node
    if strongest((me, other_root)) == me:
        effects.send(other_root, Union(me, fragment))
        return node
    whole, _ = merge_components(own_component(me, node), fragment)
    for number, piece in enumerate(fragments_of(whole)):
        effects.send(other_root, MergeComponent(piece), number)
    return replace(node.with_component(None), parent=other_root)


def forward_to_root(node: Node, fragment: Component, effects: NodeEffects, number: int = PASSED_ON) -> Node:
    """Sends a fragment to the parent, or merges it into the component when this node is the root."""
    if node.parent:
        effects.send(node.parent, MergeComponent(fragment), number)
        return node
    own = own_component(effects.identifier, node)
    component, changed = merge_components(own, fragment)
    if component.dead != own.dead:
        effects.collected.append(PURGE)
    return _update_people(node, component, changed, effects)


def apply_limits(node: Node, signal: LimitsChanged, effects: NodeEffects) -> Node:
    """Resolves the people around an identifier again, at the root; below it the signal is passed on."""
    if node.parent:
        effects.send(node.parent, signal)
        return node
    component = node.component
    if component is None or signal.identifier not in component.members:
        return node
    return _update_people(node, component, (signal.identifier,), effects)


def assign_person(node: Node, signal: PersonAssigned, effects: NodeEffects) -> Node:
    """Takes the person that the root assigned, unless the node has a later one, and the shorter path to the root."""
    node = with_root(node, signal.root)
    if signal.version <= node.version:
        return node
    return _reassign(node, signal.person_id, signal.version, signal.split, effects)


def with_root(node: Node, root: str) -> Node:
    """The node with the path to a root, unless it knows a shorter one."""
    return replace(node, parent=root) if strongest((node.parent, root)) != node.parent else node


def own_component(identifier: str, node: Node) -> Component:
    """The component at a root; a node that was never joined is a component by itself."""
    if (component := node.component) is not None:
        return component
    if node.dead:
        return Component(node.version, {}, (identifier,))
    return Component(node.version, {identifier: _as_member(node, node.person_id)})


def _as_member(node: Node, person_id: str) -> Member:
    return Member(
        node.first_seen, person_id, node.flag, node.used, declined=node.declined, revision=node.revision, said=node.said
    )


def _have_reported(component: Component, fragment: Component) -> bool:
    """Whether the component already has all of the fragment's members: then the edge joins nothing, whatever root its
    signal named. A dead identifier reports nothing more."""
    members, dead = component.members, component.dead
    return all((end in members and members[end].person_id) or end in dead for end in fragment.members)


def _update_people(node: Node, component: Component, changed: tuple[str, ...], effects: NodeEffects) -> Node:
    """Resolves the people around the changed members, and sends and publishes every difference."""
    people, members = people_of(component, changed, effects.limits), dict(component.members)
    remaining, clock, differs = set(people.person_ids.values()), component.clock + 1, False
    for identifier, person_id in people.person_ids.items():
        member = members[identifier]
        if member.person_id in ("", person_id):
            continue  # A member without a person id gets it once its own report has arrived.
        split = member.person_id in remaining
        if not (member.used or split):
            continue  # Nothing was published under this identifier; it reports when something is.
        members[identifier], differs = replace(member, person_id=person_id), True
        if identifier == effects.identifier:
            node = _reassign(node, person_id, clock, split, effects)
        else:
            effects.send(identifier, PersonAssigned(person_id, clock, effects.identifier, split), clock)
    for (one, other), status in people.statuses.items():
        member = members[one]
        edge = member.edges[other]
        if edge.status == status:
            continue
        differs = True
        members[one] = replace(member, edges={**member.edges, other: replace(edge, status=status)})
        effects.report_edge(one, other, people.person_ids.get(one, member.person_id), status, clock)
    return node.with_component(Component(clock if differs else component.clock, members, component.dead))


def _reassign(node: Node, person_id: str, version: int, split: bool, effects: NodeEffects) -> Node:
    old, node = node.person_id, replace(node, person_id=person_id, version=version)
    if old == person_id:
        return node
    if node.used:
        effects.report_reassigned(old, node, split)
        return node
    former = dict.fromkeys((*node.former_person_ids, old))
    former.pop(person_id, None)
    return replace(node, former_person_ids=tuple(former)[-FORMER_KEPT:])
