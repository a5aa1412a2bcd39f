"""What an entry is unique by."""

from typing import Final

from processors.reference import Reference
from schemas.brand.api_keys import public_key_ids
from schemas.brand.model import Reward
from schemas.brand.reward_bounds import NOTHING
from schemas.brand.rewards import ONCE_A_DAY
from schemas.events import TouchpointIdentified
from schemas.surveys.answers import ANSWERED, given_in, question_of

DAY_US: Final = 86_400_000_000
OF_QUESTION: Final = "question/"
"""Begins what the entry for an answer is unique by: each question pays once, whichever source profile answers."""


def cause_of(rule: Reward, event: TouchpointIdentified, reference: Reference) -> str:
    """What an entry is unique by, beside rule and source profile: the event, or its day of receipt where anybody can
    send as many as they like; an answer by its question. Empty: the event earns nothing of the rule."""
    is_anybody_s = is_public(event, reference)
    if event.type in ANSWERED and not (is_anybody_s and rule.public_keys == NOTHING):
        given = given_in(event.type, event.properties)
        if question_of(reference.brand, given.survey, given.question) is not None:
            return f"{OF_QUESTION}{given.question}"
    if not is_anybody_s:
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
