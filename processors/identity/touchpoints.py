"""A touchpoint at the node of its primary identifier: what is published at once, and which signals follow."""

from collections.abc import Iterable

import msgspec

from processors.consents import counts_only
from processors.identity.consent import edge_seen, said_by, sent, tell_same_value, with_evidence, with_said
from processors.identity.effects import NodeEffects
from processors.identity.guards import Limits, limits_of
from processors.identity.neighbours import (
    PERIOD_US,
    declines,
    is_of_later_period,
    period_of,
    record_neighbour,
    with_declined,
)
from processors.identity.release import release
from processors.identity.signals import ConsentSaid, EdgeSeen, Stated
from processors.identity.state import NEVER, Edge, Node
from processors.identity.union_protocol import edge_between, forward_to_root, report_member
from processors.reference import Reference
from processors.step import Drop, Effect, Emit, Reject, Step
from schemas import kinds
from schemas.consent.choices import NOTHING_SAID, Consents
from schemas.consent.statements import COUNTED_ONLY, GPC_MEMBER, may_say
from schemas.events import TouchpointIdentified, TouchpointRecorded
from schemas.identifiers.types import DEVICE, blocked, is_blocked, type_of
from schemas.ids import derived, person_of
from schemas.reasons import DropReason, EdgeReason, RejectReason

LATEST_US = 4_102_444_800_000_000
"""The year 2100 in microseconds. Later times are errors of the sender, and date types downstream end soon after."""
STATEMENTS = kinds.OVERRIDES | kinds.CONSENT
"""Kinds of events that say something of identifiers beside being evidence."""
replace = msgspec.structs.replace


def invalid(event: TouchpointRecorded) -> Reject | None:
    """The reject of an event with impossible values. The gateway lets none through; other producers may write one."""
    if not event.primary_identifier and (event.type not in kinds.MONEY or event.identifiers):
        return Reject(RejectReason.INVALID, "is empty", "primary_identifier")
    if not 0 <= event.occurred_at < LATEST_US:
        return Reject(RejectReason.INVALID, "is before 1970 or after 2100", "occurred_at")
    if event.amount_micros is not None and event.amount_micros < 0 and event.type != kinds.SALE:
        return Reject(RejectReason.INVALID, "is negative", "amount_micros")
    if event.type in kinds.OVERRIDES and len({event.primary_identifier, *event.identifiers}) != 2:
        return Reject(RejectReason.INVALID, "must be two different ones", "identifiers")
    return None


def is_known(node: Node, event: TouchpointRecorded, asks: bool) -> bool:
    """Whether the node already knows everything that the event shows about identifiers; true for nearly all events.

    :param asks: whether the place of the event asks for consent first.
    """
    at, primary_identifier, neighbours = event.occurred_at, event.primary_identifier, node.neighbours
    if at < node.first_seen or not node.used or event.type in STATEMENTS or "device_class" in event.properties:
        return False
    if GPC_MEMBER in event.properties and node.said.joined(said_by(event)) is not node.said:
        return False
    period_start = at - at % PERIOD_US
    for other in event.identifiers:
        if other != primary_identifier:
            first = neighbours.get(other, NEVER)
            if first > at or (first < period_start and is_of_later_period(node, other, at)):
                return False
            if (asks or node.asked) and with_evidence(node, other, at, asks)[0] is not node:
                return False
    return True


def record(before: Node, event: TouchpointRecorded, reference: Reference, asks: bool = False) -> Step[Node]:
    """Applies a touchpoint that shows the node something new. :param asks: as in :func:`is_known`."""
    limits = limits_of(reference)
    effects = NodeEffects(event.primary_identifier, event, limits)
    if not before.used:
        _report_first_use(before, effects)
    effects.collected.append(identified(before, event, reference))
    root_outdated = event.occurred_at < before.first_seen or not before.used
    node = replace(before, first_seen=min(before.first_seen, event.occurred_at), used=True, former_person_ids=())
    others = dict.fromkeys(other for other in event.identifiers if other != event.primary_identifier)
    if event.type in kinds.OVERRIDES:
        [other] = others
        root_informed = _send_override(node, other, event.type == kinds.LINKED, effects)
    else:
        multi_user = limits.never_stitches(event.properties)
        node, root_informed = _send_edges(node, others, root_outdated, multi_user, effects, asks)
        node = _say(node, others, event, effects)
    # What is new about the primary identifier reaches the root together with the event's edges, unless a flagged end
    # refuses them on the way.
    changed = (node.flag, node.revision) != (before.flag, before.revision) or node.said is not before.said
    if changed or (root_outdated and (node.packed or not root_informed)):
        node = report_member(node, effects)
    return Step(node, tuple(effects.collected))


def identified(node: Node | None, event: TouchpointRecorded, reference: Reference) -> Emit:
    """The touchpoint with the person that the node belongs to, marked where that person allows no analytics."""
    own = node.person_id if node is not None and not node.version else person_of(event.primary_identifier)
    person_id = own if node is None else node.person_id
    fields = msgspec.structs.asdict(event)
    if reference.brand.consent or (node is not None and node.said.says_something) or may_say(event):
        said = (node.said if node is not None else NOTHING_SAID).joined(said_by(event))
        if counts_only((said,) if said.says_something else (), event, reference):
            fields["properties"] = with_member(event.properties, COUNTED_ONLY)
    return Emit(TouchpointIdentified(**fields, person_id=person_id, source_profile_id=own))


def with_member(properties: str, member: str) -> str:
    """A JSON object with one more member; what is none, as other producers may write it, is left out."""
    if not properties.lstrip().startswith("{"):
        return f"{{{member}}}"
    rest = properties.lstrip()[1:].lstrip()
    return f"{{{member}{rest}" if rest.startswith("}") else f"{{{member},{rest}"


def of_nobody(event: TouchpointRecorded) -> Emit:
    """A receipt without a person, which stays the store's."""
    return Emit(TouchpointIdentified(**msgspec.structs.asdict(event), person_id="", source_profile_id=""))


def of_erased(event: TouchpointRecorded, limits: Limits) -> tuple[Effect, ...]:
    """What follows from a touchpoint of a dead identifier: money stays the store's; whoever waits for an answer gets
    one, as somebody who is here for the first and the last time; everything else is left out."""
    me = event.primary_identifier
    if event.type in kinds.OVERRIDES:
        effects = NodeEffects(me, event, limits)
        [other] = {other for other in event.identifiers if other != me}
        effects.report_edge(blocked(me), other, person_of(other), EdgeReason.BLOCKED_VALUE, 0)
        return tuple(effects.collected)
    if event.type in kinds.MONEY:
        person_id = ""
    elif event.reply_partition is not None:
        person_id = derived("passer-by", event.event_id)
    else:
        return (Drop(DropReason.ERASED),)
    fields = msgspec.structs.asdict(event) | {"primary_identifier": "", "identifiers": (), "properties": "{}"}
    return (Emit(TouchpointIdentified(**fields, person_id=person_id, source_profile_id=person_id)),)


def _report_first_use(node: Node, effects: NodeEffects) -> None:
    """Reports the person of an identifier that had no touchpoint so far.

    An earlier owner of the partition, which had lost it without noticing, may have published the touchpoint under a
    former person; those are reported as changed too.
    """
    own = person_of(effects.identifier)
    if node.person_id == own:
        effects.report_appeared(own)
    for old in dict.fromkeys((own, *node.former_person_ids)):
        if old != node.person_id:
            effects.report_reassigned(old, node)


def _send_override(node: Node, other: str, linked: bool, effects: NodeEffects) -> bool:
    """Sends an operator's override to the other identifier; False when a placeholder refuses it here."""
    me = effects.identifier
    if is_blocked(other) or is_blocked(me):
        effects.report_edge(me, other, node.person_id, EdgeReason.BLOCKED_VALUE, 0)
        return False
    effects.send(other, EdgeSeen(me, node.parent or me, node.person_id, override=linked))
    tell_same_value(node, other, effects)
    return True


def _send_edges(
    node: Node, others: Iterable[str], root_outdated: bool, multi_user: bool, effects: NodeEffects, asks: bool
) -> tuple[Node, bool]:
    """Sends the event's new edges to their other ends; the node afterwards, and whether any edge will reach the root.

    :param root_outdated: the root does not know this node's ``first_seen`` or ``used`` yet. :param multi_user: the
    event came from a device that many people use. :param asks: whether its place asks for consent first.
    """
    me, at, shown = effects.identifier, effects.cause.occurred_at, []
    if multi_user and type_of(me) == DEVICE:
        node = replace(node, flag=EdgeReason.SHARED_DEVICE)
    for other in others:
        first = node.neighbours.get(other)
        new = first is None
        if is_blocked(other) or is_blocked(me):
            node = _refuse_placeholder(node, other, effects) if new else node
            continue
        shared = multi_user and type_of(other) == DEVICE and other not in node.notified
        node, matters = with_evidence(node, other, at, asks)
        is_news = shared or matters
        if first is not None and not is_news and first <= at and not is_of_later_period(node, other, at):
            continue
        node = record_neighbour(node, other, at, period_of(at))
        is_late = first is not None and not is_news and other not in node.asked and period_of(first) == period_of(at)
        if is_late and _has_edge(node, me, other):
            node = forward_to_root(node, edge_between(me, other, at, Edge(at, effects.cause.event_id)), effects)
        else:
            shown.append((other, new, shared))
    node, released = with_declined(node, me, tuple(other for other, new, _ in shown if new), effects.limits)
    joins = False
    for other, new, shared in shown:
        reason = node.flag or (EdgeReason.HUB if declines(node, other) else "")
        joins |= not reason
        if shared and other in node.neighbours:
            node = replace(node, notified=(*node.notified, other))
        seen = edge_seen(node, other, at, effects, bool(reason), root_outdated=root_outdated, shared=shared)
        # Of a touchpoint that comes again after an erasure it is another signal, for the dead one to refuse.
        effects.send(other, seen, -node.forgotten)
        if new and reason:
            effects.report_edge(me, other, node.person_id, reason, 0)
    of_event = {other for other, *_ in shown}
    node = sent(node, of_event)
    release(node, (other for other in released if other not in of_event), effects)
    return node, joins


def _say(node: Node, others: Iterable[str], event: TouchpointRecorded, effects: NodeEffects) -> Node:
    """The node once it knows what the event says of being recognised; the event's other identifiers are told."""
    if not may_say(event) or is_blocked(effects.identifier):
        return node
    said = said_by(event)
    if event.type in kinds.CONSENT:
        stated = Stated(event.type, event.properties, event.source, event.store)
        for other in others:
            if not is_blocked(other):
                effects.send(other, ConsentSaid(Consents(said.choices), stated=stated))
    return with_said(node, said, effects)


def _has_edge(node: Node, me: str, other: str) -> bool:
    """Whether this node is the root and stores the edge: another time of the same period concerns no other node."""
    return node.component is not None and other in node.component.members[me].edges


def _refuse_placeholder(node: Node, other: str, effects: NodeEffects) -> Node:
    """A placeholder has no node that could take part in the protocol. When the primary identifier is one itself, its
    neighbours are not stored: they would be too many."""
    effects.report_edge(effects.identifier, other, node.person_id, EdgeReason.BLOCKED_VALUE, 0)
    if is_blocked(effects.identifier):
        return node
    return replace(node, neighbours={**node.neighbours, other: effects.cause.occurred_at})
