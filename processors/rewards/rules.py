"""What a rule of the brand grants for an event, whoever it is of."""

from typing import Final

from processors.expressions import values_of
from processors.reference import Reference
from processors.rewards.reversals import points_for
from schemas import kinds
from schemas.brand.api_keys import public_key_ids
from schemas.brand.model import Reward
from schemas.brand.rewards import ONCE_A_DAY
from schemas.events import TouchpointIdentified
from schemas.expressions.engine import expression_of

DAY_US: Final = 86_400_000_000


def cause_of(rule: Reward, event: TouchpointIdentified, reference: Reference) -> str:
    """What an entry is unique by, beside rule and source profile: the event, or its day of receipt where anybody can
    send as many as they like; empty: the event earns nothing of the rule."""
    if not is_public(event, reference):
        return event.event_id
    return public_cause(event) if rule.public_keys == ONCE_A_DAY else ""


def public_cause(event: TouchpointIdentified) -> str:
    """What an entry of a public key's event is unique by: its day of receipt."""
    return f"public/{event.received_at // DAY_US}"


def is_public(event: TouchpointIdentified, reference: Reference) -> bool:
    """Whether anybody can send such an event."""
    public = reference.memo.get("public keys")
    if public is None:
        public = reference.memo["public keys"] = public_key_ids(reference.brand.api_keys)
    return event.source in public


def holds(rule: Reward, event: TouchpointIdentified, reference: Reference) -> bool:
    """Whether the rule's expression holds for the event; what is unknown does not."""
    if not rule.expression:
        return True
    expression = expression_of(rule.expression)
    return not expression.fault(values_of(expression.reads, event, reference.brand))


def points_of(rule: Reward, event: TouchpointIdentified, reference: Reference) -> int:
    """What the rule grants for the event, whether or not its expression holds; 0 for nothing."""
    if event.source == kinds.SCAN and not event.placement:  # a link that means no tag: anybody can make one up
        return 0
    if event.type not in rule.on or (rule.placements and event.placement not in rule.placements):
        return 0
    if event.type != kinds.SALE:
        return rule.points
    return points_for(rule.points, per_unit(rule, event, reference), event.amount_micros or 0)


def per_unit(rule: Reward, event: TouchpointIdentified, reference: Reference) -> int:
    """Points for each unit: none for money of another currency than the rule's."""
    return rule.points_per_unit if event.currency == (rule.currency or reference.brand.about.currency) else 0
