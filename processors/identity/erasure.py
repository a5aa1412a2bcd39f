"""Requests of people about their data, and what is left of an identifier that was erased.

1. A request starts at the node of its identifier, as a signal, since what is known depends on the order between topics.
   Of the scope ``device`` that node answers for itself; of the scope ``person`` the root does, for all identifiers of
   the person. Whoever asks creates nothing.
2. An erasure marks them as dead in the component, and each node becomes dead: it forgets all but its place in the
   union-find, publishes profile-erased for its source profile, and has its neighbours forget it. Marks only grow, and
   a component is what is known of the living, so what arrives late about a dead identifier adds nothing.
3. A dead node stays part of the protocol: components of others meet at it, and signals pass it on their way up. It
   refuses every edge.

An identifier never comes to life again: who comes back has another one from the gateway.
"""

from typing import Any

import msgspec

from processors.identity.effects import NodeEffects
from processors.identity.neighbours import with_declined
from processors.identity.people import people_of
from processors.identity.release import release
from processors.identity.signals import (
    DataRequested,
    EdgeSeen,
    EraseIdentifier,
    ForgetNeighbour,
    LimitsChanged,
    MergeComponent,
    PersonAssigned,
    Signal,
    Union,
)
from processors.identity.state import NEVER, Component, Member, Node
from processors.identity.union_protocol import (
    OWN_REPORT,
    apply_limits,
    forward_to_root,
    own_component,
    report_member,
    unite,
    with_root,
)
from processors.step import PURGE
from schemas.events import IdentitySignalled, PrivacyRequested, ProfileErased
from schemas.identifiers.types import blocked, is_blocked, strength
from schemas.ids import person_of
from schemas.reasons import EdgeReason

replace = msgspec.structs.replace
ERASE, DEVICE_SCOPE = "erase", "device"


def started(event: PrivacyRequested | ProfileErased, effects: NodeEffects) -> None:
    """Sends a request to the node of its identifier; likewise an erasure of which a rebuild reads, for which it does
    not matter what is known by then."""
    if isinstance(event, ProfileErased):
        effects.send(event.identifier, EraseIdentifier(event.request_id))
        return
    request = DataRequested(
        event.request_id, event.action, event.scope, event.identifier, event.number, max(1, event.of)
    )
    effects.send(event.identifier, request)


def requested(node: Node | None, request: DataRequested, effects: NodeEffects) -> Node | None:
    """A request at the node of its identifier, or on its way to the root."""
    me = effects.identifier
    if request.identifier == me:
        if node is None or is_blocked(me) or not _knows_something(node):
            effects.answer(request, "", ())
            return node
        if request.scope == DEVICE_SCOPE:
            effects.answer(request, node.person_id, (me,))
            return erased(node, request.request_id, effects) if request.action == ERASE else node
    if node is None:
        return None
    if node.parent:
        effects.send(node.parent, request)
        return node
    person_id, concerned = _person_in(own_component(me, node), request.identifier, effects)
    effects.answer(request, person_id, concerned)
    return _erase_all(node, concerned, request.request_id, effects) if request.action == ERASE else node


def erased(node: Node, request_id: str, effects: NodeEffects) -> Node:
    """The node once its identifier is dead."""
    me, own = effects.identifier, person_of(effects.identifier)
    # Before its first touchpoint a source profile is at its own person, with what is stated of it; a former owner of
    # the partition may have published a touchpoint under each of the others.
    people = (node.person_id,) if node.used else (own, node.person_id, *node.former_person_ids)
    effects.report_erased(request_id, dict.fromkeys(people), _size(node))
    for other in dict.fromkeys((*node.neighbours, *node.declined, *node.withheld)):
        if not is_blocked(other):
            effects.send(other, ForgetNeighbour(me))
    node = Node(NEVER, "", node.version, parent=node.parent, packed=node.packed, dead=True)
    if not node.parent and not node.packed:
        return node
    return forward_to_root(node, Component(0, {}, (me,)), effects, OWN_REPORT)


def without_neighbour(node: Node, other: str, effects: NodeEffects) -> Node:
    """The node once it has forgotten an identifier that is dead; the same object where it does not know it."""
    known = (node.neighbours, node.notified, node.declined, node.withheld, node.asked, node.told)
    if not any(other in some for some in known):
        return node
    revision = node.revision
    node = replace(
        node,
        neighbours=_less(node.neighbours, other),
        last_periods=_less(node.last_periods, other),
        notified=tuple(one for one in node.notified if one != other),
        declined=tuple(one for one in node.declined if one != other),
        withheld=tuple(one for one in node.withheld if one != other),
        asked=_less(node.asked, other),
        told=_less(node.told, other),
        forgotten=node.forgotten + 1,
    )
    effects.collected.append(PURGE)
    node, released = with_declined(node, effects.identifier, (), effects.limits)
    release(node, released, effects)
    return report_member(node, effects) if node.revision != revision else node


def handle_at_dead(node: Node, signal: Signal, event: IdentitySignalled, effects: NodeEffects) -> Node:
    """A signal at a dead node. :param event: the signal's envelope."""
    match signal:
        case EdgeSeen():
            _refuse(signal, event, effects)
        case Union(other_root, fragment):
            return unite(node, other_root, fragment, effects)
        case MergeComponent(fragment):
            return forward_to_root(node, fragment, effects)
        case PersonAssigned(root=root):
            return with_root(node, root)
        case LimitsChanged(identifier) if identifier != effects.identifier:
            return apply_limits(node, signal, effects)
        case EraseIdentifier(request_id):
            # Two requests crossed. Where the source profile was is forgotten; from its own person redirects lead there.
            effects.report_erased(request_id, (person_of(effects.identifier),), 0)
        case _:
            pass
    return node


def _refuse(signal: EdgeSeen, event: IdentitySignalled, effects: NodeEffects) -> None:
    me, other = effects.identifier, signal.other
    if signal.override is not None:
        effects.report_edge(other, blocked(me), signal.person_id, EdgeReason.BLOCKED_VALUE, 0)
    else:
        effects.send(other, ForgetNeighbour(me))
    if signal.root != other and (signal.root_outdated or signal.override is not None):
        first = signal.first_seen if signal.first_seen is not None else event.occurred_at
        effects.send(signal.root, MergeComponent(Component(0, {other: Member(first, used=True)})), 1)


def _erase_all(node: Node, concerned: tuple[str, ...], request_id: str, effects: NodeEffects) -> Node:
    """At the root: marks the identifiers as dead at once, so that a second request finds nobody."""
    for one in concerned:
        if one != effects.identifier:
            effects.send(one, EraseIdentifier(request_id))
    if node.packed and concerned:
        node = forward_to_root(node, Component(0, {}, tuple(sorted(concerned))), effects)
    return erased(node, request_id, effects) if effects.identifier in concerned else node


def _person_in(component: Component, identifier: str, effects: NodeEffects) -> tuple[str, tuple[str, ...]]:
    """The person of an identifier and all its identifiers, the strongest first."""
    if identifier in component.dead:
        return "", ()
    if identifier not in component.members:
        return person_of(identifier), (identifier,)
    people = people_of(component, (identifier,), effects.limits).person_ids
    mine = people[identifier]
    return mine, tuple(sorted((one for one, person_id in people.items() if person_id == mine), key=strength))


def _knows_something(node: Node) -> bool:
    if node.dead:
        return False
    return bool(node.used or node.neighbours or node.parent or node.packed or node.said.says_something)


def _size(node: Node) -> int:
    """How many things a node knows: its identifier, those that were seen with it, and what was said of it."""
    return 1 + len(node.neighbours) + node.said.size


def _less(known: dict[str, Any], other: str) -> dict[str, Any]:
    return {one: value for one, value in known.items() if one != other} if other in known else known
