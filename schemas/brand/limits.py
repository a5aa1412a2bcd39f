"""Limits over all people: their names on the stream, and how much each of them grants."""

from typing import Final

from schemas.brand.model import Brand

CAMPAIGN, POOL, DRAW = "campaign", "pool", "draw"
NUMBERED: Final = frozenset((POOL, DRAW))
"""Kinds whose units are numbered: each of them is granted once, as the coupon of that number."""
GONE: Final = -1
"""Size of a limit that is not the brand's."""
UNLIMITED: Final = 2**62


def limit_of(kind: str, id: str) -> str:
    """The name of a limit."""
    return f"{kind}/{id}"


def kind_of(limit: str) -> str:
    """What a limit is of."""
    return limit.partition("/")[0]


def size_of(brand: Brand, limit: str) -> int:
    """The units that a limit grants over all people; ``GONE`` where the brand has no such limit."""
    kind, _, id = limit.partition("/")
    if kind == CAMPAIGN:
        campaign = brand.campaigns.get(id)
        if campaign is None:
            return GONE
        return UNLIMITED if campaign.budget_points is None else campaign.budget_points
    if kind == POOL:
        pool = brand.coupon_pools.get(id)
        return GONE if pool is None else pool.size
    if kind == DRAW and any(rule.draw == id for rule in brand.rewards):
        return UNLIMITED
    return GONE
