"""What an entry is unique by."""

from typing import Final

from processors.reference import Reference
from schemas.brand.api_keys import public_key_ids
from schemas.brand.model import Reward
from schemas.brand.rewards import ONCE_A_DAY
from schemas.events import TouchpointIdentified

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
