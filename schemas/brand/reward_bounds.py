"""Whether a reward could pay without bound. A rule is bounded when somebody has to spend money for it, when a trusted
sender has to report it, or when it says itself how often.

What anybody can do as often as they like: scan a code, where little trust is enough; state consent and take it back on
the brand's own page; and send what a public key may send, once a day and with any amount of money.
"""

from collections.abc import Iterator
from typing import Any, Final

from schemas import kinds
from schemas.brand.item import Mistake, Sections
from schemas.reasons import TrustReason
from schemas.trust.score import FULL, PENALTIES

SCANS: Final = frozenset((kinds.SCAN, kinds.NFC_TAP))
NOTHING: Final = "nothing"
"""What events of public keys earn by default."""
MAX_POINTS_PER_UNIT: Final = 10**5
"""With the largest amount of an event, 10^13 units of a currency, a posting still fits into Avro's long."""
LEAST_TRUST: Final = FULL - PENALTIES[TrustReason.DEVICE_VELOCITY] + 1
"""Below it a device that scans like a machine earns."""
REMEDY: Final = "limit it by caps, once, a streak, a milestone, or a campaign with budget_points"


def bound_mistakes(rule: Any, brand: Sections) -> Iterator[Mistake]:
    """Why the rule, a ``Reward``, could pay without bound, by the field that would have to say otherwise."""
    if rule.points_per_unit and rule.public_keys != NOTHING:
        yield (
            "points_per_unit",
            "pays without bound: with a public key anybody can state any amount; grant fixed points instead, or "
            "public_keys: nothing",
        )
    factor = max((one.factor for one in rule.multipliers if one.factor.is_finite()), default=0)
    if rule.points_per_unit * factor > MAX_POINTS_PER_UNIT:
        points = f"{rule.points_per_unit * factor:f}"
        yield "multipliers", f"make up to {points} points of a unit; {MAX_POINTS_PER_UNIT} is the most"
    if is_limited(rule, brand):
        return
    if SCANS & set(rule.on) and rule.trust_at_least < LEAST_TRUST:
        yield (
            "trust_at_least",
            f"{rule.trust_at_least} pays without bound: a program can scan a code for ever; ask for {LEAST_TRUST} or "
            f"more, or {REMEDY}",
        )
    for kind in sorted(kinds.CONSENT & set(rule.on)):
        yield "on", f"{kind} pays without bound: people can state it again and again on a page; {REMEDY}"


def is_limited(rule: Any, brand: Sections) -> bool:
    """Whether the rule says how often it pays."""
    if rule.once or rule.caps.is_set or rule.streak is not None or rule.milestone is not None:
        return True
    campaign = brand.campaigns.get(rule.campaign) if rule.campaign else None
    return campaign is not None and campaign.budget_points is not None
