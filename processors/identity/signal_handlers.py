"""A signal at the node that it is addressed to."""

import msgspec

from processors.identity.consent import edge_of, heard, received_evidence, tell_same_value, with_said
from processors.identity.effects import NodeEffects
from processors.identity.erasure import erased, handle_at_dead, requested, without_neighbour
from processors.identity.neighbours import declines, evidence_of, period_of, record_neighbour, with_declined
from processors.identity.release import release
from processors.identity.signals import (
    ConsentSaid,
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
from processors.identity.state import NEVER, Component, Edge, Member, Node, Override, new_node
from processors.identity.union_protocol import (
    apply_limits,
    assign_person,
    forward_to_root,
    join_ends,
    report_member,
    unite,
)
from schemas.events import IdentitySignalled
from schemas.reasons import EdgeReason

replace = msgspec.structs.replace
MOST_RETURNS = 200
"""How often a signal that came before the brand goes round: several seconds. A brand that does not come at all was
followed by another one."""


def handle(known: Node | None, signal: Signal, event: IdentitySignalled, effects: NodeEffects) -> Node | None:
    """The node after a signal; ``event`` is the signal's envelope."""
    if isinstance(signal, DataRequested):
        return requested(known, signal, effects)
    if known is None and isinstance(signal, ForgetNeighbour):
        return None
    node = known or new_node(effects.identifier)
    if node.dead:
        return handle_at_dead(node, signal, event, effects)
    match signal:
        case EdgeSeen():
            return _edge_seen(node, signal, event, effects)
        case ConsentSaid(of=""):
            if signal.stated is not None:
                effects.report_statement(node, signal.stated)
            said = with_said(node, signal.said, effects)
            return node if said is node else report_member(said, effects)
        case ConsentSaid():
            return heard(node, signal, effects)
        case Union(other_root, fragment):
            return unite(node, other_root, fragment, effects)
        case MergeComponent(fragment):
            return forward_to_root(node, fragment, effects)
        case PersonAssigned():
            return assign_person(node, signal, effects)
        case LimitsChanged():
            return _limits_changed(node, signal, effects)
        case EraseIdentifier(request_id):
            return erased(node, request_id, effects)
        case ForgetNeighbour(other):
            return without_neighbour(node, other, effects)


def _edge_seen(node: Node, signal: EdgeSeen, event: IdentitySignalled, effects: NodeEffects) -> Node:
    """Joins this identifier with the one that it was seen with, unless one of the two is flagged or declines it."""
    other, flag, revision = signal.other, node.flag, node.revision
    if signal.override is not None:
        at = event.occurred_at
        node = replace(node, first_seen=min(node.first_seen, at))
        override = Override(at, event.source_event_id, signal.override)
        tell_same_value(node, other, effects)
        return join_ends(node, signal, Edge(NEVER, "", override), effects)
    first = signal.first_seen if signal.first_seen is not None else event.occurred_at
    older, known = first < node.first_seen, other in node.neighbours
    node = replace(node, first_seen=min(node.first_seen, first))
    if signal.shared:
        node = replace(node, flag=EdgeReason.SHARED_DEVICE)
    asked = other in node.asked
    node = received_evidence(node, signal, known)
    node = record_neighbour(node, other, first, max(signal.last_period, period_of(first)))
    node, released = with_declined(node, effects.identifier, () if known else (other,), effects.limits)
    reason = node.flag or (EdgeReason.HUB if declines(node, other) else "")
    joins = not signal.refused and not reason
    if joins:
        first_seen, last_period = evidence_of(node, other, first)
        edge = edge_of(node, other, first_seen, event.source_event_id, last_period)
        node = join_ends(node, signal, edge, effects)
    elif not signal.refused:
        if not known:
            effects.report_edge(other, effects.identifier, signal.person_id, reason, 0)
        if signal.root_outdated and signal.root != other:
            effects.send(signal.root, MergeComponent(Component(0, {other: Member(first, used=True)})), 1)
    release(node, (end for end in released if end != other), effects)
    if not asked and other in node.asked and node.said.says_something:
        effects.send(other, ConsentSaid(node.said, effects.identifier))
    changed = (node.flag, node.revision) != (flag, revision)
    return report_member(node, effects) if changed or (older and not joins) else node


def _limits_changed(node: Node, signal: LimitsChanged, effects: NodeEffects) -> Node:
    """Applies the limits of the brand to the edges of this identifier, and to its person at the root."""
    if signal.identifier != effects.identifier:
        return apply_limits(node, signal, effects)
    if signal.brand not in ("", effects.limits.brand) and signal.returns < MOST_RETURNS:
        later = replace(signal, returns=signal.returns + 1)
        effects.send(effects.identifier, later, later.returns)
        return node
    revision = node.revision
    node, released = with_declined(node, effects.identifier, (), effects.limits)
    release(node, released, effects)
    if node.revision != revision:
        node = report_member(node, effects)
    return apply_limits(node, signal, effects)
