"""Edges that an identifier declined and does not decline any more."""

from collections.abc import Iterable

from processors.identity.consent import edge_seen
from processors.identity.effects import NodeEffects
from processors.identity.state import Node


def release(node: Node, others: Iterable[str], effects: NodeEffects) -> None:
    """Sends edges that never reached the component to their other ends, with all evidence of them."""
    if node.flag:
        return
    for other in others:
        effects.send(other, edge_seen(node, other, node.neighbours[other], effects), 1)
