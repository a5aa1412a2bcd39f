"""Consent: reads touchpoint-identified and consent-stated, writes consent-changed, keyed by person id.

It publishes everything that was said, each statement once for every purpose and channel that it is about, with its
proof. What is allowed is computed from the statements wherever data is used, as of the time of the use
(``schemas.consent.permission``): context and rewards keep what they need in their own states, so nobody waits for this
topic. What a statement replaces depends on what came first, so its events are transactional.

A choice that ends is published when it does, so that whoever reads the topic need not watch the time.
"""

from collections.abc import Iterator

import msgspec

from processors import parts
from processors.consent.state import Wish, Wishes
from processors.parts import source_profile_of
from processors.reference import Reference
from processors.step import Drop, Effect, Emit, Processor, Step
from schemas import kinds
from schemas.brand.consent import jurisdiction_of
from schemas.consent.choices import Choice, Consents
from schemas.consent.permission import choice_at
from schemas.consent.purposes import KEYS, PURPOSES, channel_of, keys_of, purpose_of
from schemas.consent.statements import Statement, choice_of, has_gpc, may_say, micros_of, statement_of
from schemas.events import ConsentChanged, ConsentStated, TouchpointIdentified
from schemas.ids import derived
from schemas.reasons import DropReason
from schemas.topics import (
    CONSENT_CHANGED,
    CONSENT_STATED,
    IDENTITY_CHANGED,
    PROFILE_ERASED,
    STATE_MOVED,
    TOUCHPOINT_IDENTIFIED,
)

GRANTED, WITHDRAWN = "granted", "withdrawn"
CHOICE, GPC, EXPIRY = "choice", "gpc", "expiry"
NO_PURPOSE = Drop(DropReason.NO_PURPOSE)
NO_STATEMENT = Statement(purposes=())
_encode = msgspec.json.Encoder().encode


def step(wishes: Wishes | None, event: TouchpointIdentified | ConsentStated, reference: Reference) -> Step[Wishes]:
    """Remembers what the event says, and publishes it. Nearly all events say nothing, and change no state."""
    if not event.person_id or not may_say(event):
        return Step(None)
    before, profile = wishes or Wishes(), source_profile_of(event)
    wish, statement = before.part(profile), statement_of(event)
    after, effects = (said := wish.said), list[Effect]()
    if has_gpc(event) and (after := said.with_gpc(event.occurred_at)) is not said:
        effects += (Emit(one, transactional=True) for one in _gpc(said, event, reference))
    if statement is not None:
        choice = choice_of(event, statement)
        new = [key for key in statement.keys if choice not in after.choices.get(key, ())]
        effects += (Emit(_stated(after, event, key, statement, reference), transactional=True) for key in new)
        after = after.with_choice(new, choice)
    elif event.type in kinds.CONSENT:
        effects.append(NO_PURPOSE)
    if after is said:
        return Step(None, tuple(effects))
    return Step(before.with_part(profile, Wish(after, wish.ended)), tuple(effects))


def wakes(wishes: Wishes) -> int | None:
    """When the next choice ends."""
    return min((choice.expires_at for part in wishes.parts.values() for _, choice in part.ending), default=None)


def due(wishes: Wishes, at: int, reference: Reference) -> Step[Wishes]:
    """Publishes the choices that end at that time. Their person is the source profile: nobody but the shell knows
    whose it is by now, and readers resolve people."""
    effects: list[Effect] = []
    for profile, part in wishes.parts.items():
        ended = [(key, choice) for key, choice in part.ending if choice.expires_at <= at]
        if ended:
            effects += (Emit(_ended(profile, key, choice), transactional=True) for key, choice in ended)
            after = Wish(part.said, part.ended | {choice.event for _, choice in ended})
            wishes = wishes.with_part(profile, after)
    return Step(wishes, tuple(effects))


def merge(winner: Wishes | None, loser: Wishes) -> Step[Wishes]:
    """The parts of both: each source profile keeps what it said."""
    return Step(winner.joined(loser) if winner is not None else loser)


def erase(wishes: Wishes) -> tuple[Effect, ...]:
    """Erasing what somebody said has no effects."""
    return ()


def _stated(
    said: Consents, event: TouchpointIdentified | ConsentStated, key: str, statement: Statement, reference: Reference
) -> ConsentChanged:
    granted = event.type == kinds.CONSENT_GIVEN
    return _changed(said, event, key, CHOICE, GRANTED if granted else WITHDRAWN, statement, reference)


def _ended(profile: str, key: str, choice: Choice) -> ConsentChanged:
    return ConsentChanged(
        event_id=derived("consent ended", profile, key, str(choice.event)),
        occurred_at=choice.expires_at,
        person_id=profile,
        source_profile_id=profile,
        purpose=purpose_of(key),
        channel=channel_of(key),
        kind=EXPIRY,
        before=GRANTED if choice.granted else WITHDRAWN,
        after="",
        policy_version=choice.policy,
        expires_at=choice.expires_at,
        source_event_id="",
    )


def _gpc(said: Consents, event: TouchpointIdentified | ConsentStated, reference: Reference) -> Iterator[ConsentChanged]:
    """The browser's word, for each purpose that it withdraws where the event happened; without a purpose where it
    withdraws none."""
    place, rules = _place(event, reference), reference.brand.consent
    heeded = keys_of(name for name in PURPOSES if name in rules and rules[name].heeds_gpc(place))
    for key in heeded or ("",):
        yield _changed(said, event, key, GPC, WITHDRAWN, NO_STATEMENT, reference)


def _changed(
    said: Consents,
    event: TouchpointIdentified | ConsentStated,
    key: str,
    kind: str,
    after: str,
    statement: Statement,
    reference: Reference,
) -> ConsentChanged:
    profile = source_profile_of(event)
    return ConsentChanged(
        event_id=derived("consent", event.statement_id, profile, kind, key),
        occurred_at=event.occurred_at,
        person_id=event.person_id,
        source_profile_id=profile,
        purpose=purpose_of(key),
        channel=channel_of(key),
        kind=kind,
        before=_before(said, key, event.occurred_at),
        after=after,
        policy_version=statement.policy_version,
        jurisdiction=statement.jurisdiction or _place(event, reference),
        expires_at=micros_of(statement.expires_at),
        proof=_encode(statement.proof).decode(),
        source=event.source,
        store=event.store,
        source_event_id=event.statement_id,
    )


def _before(said: Consents, key: str, at: int) -> str:
    """What the source profile had said by then; empty for nothing."""
    choice = choice_at(said, key, at)
    if choice is not None:
        return GRANTED if choice.granted else WITHDRAWN
    return GPC if key in KEYS and said.gpc_at is not None and said.gpc_at <= at else ""


def _place(event: TouchpointIdentified | ConsentStated, reference: Reference) -> str:
    return jurisdiction_of(event.store, reference.brand.stores, reference.brand.about.country)


PROCESSOR = Processor(
    name="consent",
    sources=(TOUCHPOINT_IDENTIFIED, CONSENT_STATED, IDENTITY_CHANGED, STATE_MOVED, PROFILE_ERASED),
    emits=(CONSENT_CHANGED,),
    state=Wishes,
    step=step,
    merge=merge,
    erase=erase,
    by_person=True,
    split=parts.split,
    size=lambda wishes: sum(wish.said.size for wish in wishes.parts.values()),
    wakes=wakes,
    due=due,
    linger_ms=50,
)
