"""Claims against limits over all people: what an account keeps of those of its entries, coupons and draws."""

from collections.abc import Mapping
from typing import Final

import msgspec

OFFERED, ASKED, HELD, ENDED = 0, 1, 2, 3
"""States of a claim: not asked for, as its person does not agree to be recognised; waits for the answer; granted;
refused or given back as a whole. They only grow."""
KEPT: Final = 32
"""Latest claims about events that are no sale, whose coupons a late statement voids."""


class Claim(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One of a source profile: ``units`` points for an entry, or one coupon of a pool, or one entry in a draw.

    ``held`` is what it has of them, ``number`` that of its coupon. ``sale`` is the hash64 of the sale that earned it, 0
    where that was another event. ``terms`` are as in an ``Offer``, as are ``active_at`` and ``expires_at``."""

    limit: str
    claim_id: str
    units: int
    state: int
    at: int
    rule: str
    version: int
    source_event_id: str
    person_id: str
    terms: int = 0
    sale: int = 0
    campaign: str = ""
    active_at: int = 0
    expires_at: int = 0
    held: int = 0
    number: int = -1

    def joined(self, other: "Claim") -> "Claim":
        """One claim as two states had it: the later one."""
        return max(self, other, key=lambda one: (one.state, -one.held))


def waits(claims: Mapping[int, Claim], key: int) -> bool:
    """Whether a claim has no answer yet."""
    return key in claims and claims[key].state == ASKED


def joined(mine: Mapping[int, Claim], others: Mapping[int, Claim]) -> dict[int, Claim]:
    """The claims of one source profile as two accounts had them."""
    both = {key: claim.joined(others[key]) for key, claim in mine.items() if key in others}
    return {**others, **mine, **both}
