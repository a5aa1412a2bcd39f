"""Consent to be recognised: which edges it refuses, and what of it nodes tell each other.

A statement belongs to the identifiers of its event. Each node keeps what was said of its identifier, and its member of
the component has the same, so the root knows all of it; statements are a set that grows, as all of a component does.

1. An edge is refused (``no_consent``) as long as the latest that was said of one of its ends is a withdrawal. That
   holds for links by an operator, too: it is the person's own word.
2. Evidence of a place that asks first (opt-in) needs a grant of both ends at its time. Of several such events of two
   identifiers the latest decides. So its exact time must reach the root, but only where it matters: when something was
   said of one of the ends, or ended, between the time that the root knows and the latest. The stronger end, where the
   evidence arrives, therefore knows the times at which something was said of the weaker end.
"""

from collections.abc import Iterable

import msgspec

from processors.identity.effects import NodeEffects
from processors.identity.guards import Limits
from processors.identity.neighbours import STORED, declines, evidence_of, latest
from processors.identity.signals import ConsentSaid, EdgeSeen, source_of
from processors.identity.state import NEVER, Asked, Edge, Node
from schemas.consent.choices import CHOICES_KEPT, NOTHING_SAID, Consents
from schemas.consent.permission import Why, permission
from schemas.consent.purposes import ANALYTICS, IDENTITY
from schemas.consent.statements import consents_after
from schemas.events import TouchpointRecorded
from schemas.identifiers.rotation import says_same_value
from schemas.identifiers.types import DEVICE, is_blocked, strongest, type_of
from schemas.ids import hash64

KEYS = frozenset((IDENTITY, ANALYTICS))
"""What identity keeps of what people say; analytics decides what the sink may store of a touchpoint."""
TIMES_KEPT = 2 * CHOICES_KEPT + 1
"""Times of another identifier: that of each choice, of its end, and of the browser's word."""
ASKED_KEPT = 2 * STORED
"""Edges of which a node knows the evidence that needs a grant, before it looks which of them it still stores."""
RESENT = 2
"""Number of a signal that brings the root the latest time of evidence."""
replace = msgspec.structs.replace


def said_by(event: TouchpointRecorded) -> Consents:
    """What an event says of being recognised and counted. What a browser sends is about its device alone."""
    said = consents_after(NOTHING_SAID, event, KEYS)
    if said.gpc_at is not None and type_of(event.primary_identifier) != DEVICE:
        said = replace(said, gpc_at=None)
    return said


def is_agreed(edge: Edge, ends: Iterable[Consents], limits: Limits) -> bool:
    """Whether what was said of both ends lets the edge count."""
    at = edge.asked_at or (0 if edge.first_seen == NEVER else latest(edge.first_seen, edge.last_period))
    is_asked = not edge.free and (edge.override is None or not edge.override.linked)
    return not any(withdrew(said, at, limits) or (is_asked and not _granted(said, at, limits)) for said in ends)


def withdrew(said: Consents, at: int, limits: Limits) -> bool:
    """Whether the latest that was said of an identifier is a withdrawal that did not end by then."""
    if not said.says_something:
        return False
    choices = said.choices.get(IDENTITY, ())
    at = max(at, choices[-1].at if choices else 0, said.gpc_at or 0)
    return permission((said,), IDENTITY, at, limits.consent, limits.country).why in (Why.WITHDRAWN, Why.GPC)


def _granted(said: Consents, at: int, limits: Limits) -> bool:
    return permission((said,), IDENTITY, at, limits.consent, limits.country).why is Why.GRANTED


def with_evidence(node: Node, other: str, at: int, asks: bool) -> tuple[Node, bool]:
    """The node with one more time of evidence of an edge, at its stronger end; and whether the root has to learn of it.

    :param asks: whether the place of the event asks first.
    """
    before = node.asked.get(other)
    if before is None:
        # The first one is sent in any case: the other end is to tell what is said of it.
        if not asks:
            return node, False
        first, node = Asked(at, 0, free=other in node.neighbours), _bounded(node)
        return replace(node, asked={**node.asked, other: first}), True
    after = replace(before, last=max(before.last, at)) if asks else replace(before, free=True)
    matters = after.free != before.free or _crosses(node, other, after)
    if after == before:
        return node, False
    return replace(node, asked={**node.asked, other: after}), matters


def received_evidence(node: Node, signal: EdgeSeen, known: bool) -> Node:
    """The node with the evidence that the stronger end has sent. :param known: whether it was a neighbour before."""
    before = node.asked.get(signal.other)
    if before is None:
        if not signal.asked_at:
            return node
        node, before = _bounded(node), Asked(0, 0, free=known)
    after = Asked(max(before.last, signal.asked_at), max(before.sent, signal.asked_at), before.free or signal.free)
    return node if after == before else replace(node, asked={**node.asked, signal.other: after})


def _bounded(node: Node) -> Node:
    """The node without what it knows of edges to identifiers that are not stored as neighbours any more, before that
    gets too much: those edges are declined."""
    if len(node.asked) < ASKED_KEPT and len(node.told) < ASKED_KEPT:
        return node
    asked = {other: asked for other, asked in node.asked.items() if other in node.neighbours}
    told = {other: times for other, times in node.told.items() if other in node.neighbours}
    return replace(node, asked=asked, told=told)


def edge_of(node: Node, other: str, first_seen: int, source_event_id: str, last_period: int) -> Edge:
    """The edge to a neighbour with what a node knows of its evidence."""
    asked = node.asked.get(other)
    if asked is None:
        return Edge(first_seen, source_event_id, last_period=last_period)
    return Edge(first_seen, source_event_id, last_period=last_period, free=asked.free, asked_at=asked.last)


def edge_seen(node: Node, other: str, at: int, effects: NodeEffects, refused: bool = False, **more: bool) -> EdgeSeen:
    """The signal of an edge with all evidence that the node has. :param at: time of evidence of a neighbour that is not
    stored."""
    first_seen, last_period = evidence_of(node, other, at)
    asked = node.asked.get(other)
    return EdgeSeen(
        effects.identifier,
        node.parent or effects.identifier,
        node.person_id,
        refused=refused,
        first_seen=first_seen,
        last_period=last_period,
        free=asked is None or asked.free,
        asked_at=asked.last if asked is not None else 0,
        agreed=(asked is None or asked.free) and not withdrew(node.said, at, effects.limits),
        **more,
    )


def sent(node: Node, others: Iterable[str]) -> Node:
    """The node once the root is about to learn of all evidence of these edges."""
    fresh = {
        other: replace(asked, sent=asked.last)
        for other in others
        if (asked := node.asked.get(other)) is not None and asked.sent != asked.last
    }
    return replace(node, asked={**node.asked, **fresh}) if fresh else node


def with_said(node: Node, said: Consents, effects: NodeEffects) -> Node:
    """The node once something was said of its identifier; the caller reports the member. The other ends of edges for
    which a grant is needed learn of it."""
    me, after = effects.identifier, node.said.joined(said)
    if after is node.said:
        return node
    node = replace(node, said=after)
    mine = [other for other in node.asked if strongest((me, other)) == me]
    for other in node.asked:
        if other not in mine:
            effects.send(other, ConsentSaid(after, me))
    return resend(node, mine, effects)


def tell_same_value(node: Node, other: str, effects: NodeEffects) -> None:
    """Where the cause says that another identifier is the same value under another key: it learns what was said."""
    if node.said.says_something and says_same_value(source_of(effects.cause)):
        # The statement comes again as often as a gateway starts, and more may have been said since: another signal.
        effects.send(other, ConsentSaid(node.said), hash64(str(node.said)))


def heard(node: Node, signal: ConsentSaid, effects: NodeEffects) -> Node:
    """The node once it knows when something was said of the weaker end of an edge."""
    times = {*node.told.get(signal.of, ()), *_times(signal.said)}
    node = replace(node, told={**node.told, signal.of: tuple(sorted(times)[-TIMES_KEPT:])})
    return resend(node, (signal.of,), effects)


def resend(node: Node, others: Iterable[str], effects: NodeEffects) -> Node:
    """Sends the latest evidence of those edges for which it matters to the root."""
    due = [
        other
        for other in others
        if (asked := node.asked.get(other)) is not None
        and _crosses(node, other, asked)
        and not (node.flag or declines(node, other) or is_blocked(other))
    ]
    for other in due:
        effects.send(other, edge_seen(node, other, node.asked[other].last, effects), RESENT)
    return sent(node, due)


def _crosses(node: Node, other: str, asked: Asked) -> bool:
    """Whether something was said of one of the ends, or ended, after the evidence that the root knows."""
    if asked.last == asked.sent:
        return False
    return any(asked.sent < at <= asked.last for at in (*_times(node.said), *node.told.get(other, ())))


def _times(said: Consents) -> tuple[int, ...]:
    """When the permission of an identifier may change."""
    choices = said.choices.get(IDENTITY, ())
    ends = (choice.expires_at for choice in choices if choice.expires_at)
    return (*(choice.at for choice in choices), *ends, *(() if said.gpc_at is None else (said.gpc_at,)))
