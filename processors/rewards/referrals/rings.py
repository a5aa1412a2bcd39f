"""Rings: people who recommended each other in a circle, of whom the last referral does not pay.

Each referral that came about carries the referrals by which its referrer was found, at most :data:`LINEAGE_KEPT`; so
everybody in a ring sees it, as themselves among those by whom they were found, and all agree on its last referral.
Longer rings pay like the chains that they nearly are.
"""

from collections.abc import Collection
from typing import Final

from processors.rewards.referrals.state import Edge
from schemas.ids import hash64

LINEAGE_KEPT: Final = 16


def number_of(text: str) -> int:
    """63 bits that stand for a source profile or an identifier, as Avro's long takes them."""
    return hash64(text) >> 1


def ring_of(lineage: tuple[Edge, ...], own: Collection[int]) -> tuple[Edge, ...]:
    """The ring that a lineage closes: from the last referral whose referrer is one's own; nothing for no ring.

    :param own: numbers of the person's source profiles.
    """
    for index in range(len(lineage) - 1, -1, -1):
        if lineage[index].referrer in own:
            return lineage[index:]
    return ()


def is_last_of_ring(lineage: tuple[Edge, ...], own: Collection[int]) -> bool:
    """Whether the referral by which the person was found is the last one of a ring."""
    ring = ring_of(lineage, own)
    return bool(ring) and max(ring, key=lambda edge: (edge.at, edge.friend)) == ring[-1]


def passed_on(lineage: tuple[Edge, ...], own: Collection[int], edge: Edge) -> tuple[Edge, ...]:
    """The lineage of a friend: once around a ring and no further."""
    return (*(ring_of(lineage, own) or lineage), edge)[-LINEAGE_KEPT:]
