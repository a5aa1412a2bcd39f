"""Edges that an identifier declined and does not decline any more."""

from collections.abc import Iterable

from processors.identity.effects import NodeEffects
from processors.identity.neighbours import last_period_of
from processors.identity.signals import EdgeSeen
from processors.identity.state import Node


def release(node: Node, others: Iterable[str], effects: NodeEffects) -> None:
    """Sends edges that never reached the component to their other ends, with all evidence of them."""
    if node.flag:
        return
    me = effects.identifier
    for other in others:
        seen = EdgeSeen(
            me,
            node.parent or me,
            node.person_id,
            first_seen=node.neighbours[other],
            last_period=last_period_of(node, other),
        )
        effects.send(other, seen, 1)
