"""Referrals within the step of rewards: what an event says of them, and what follows from what is known now."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from processors.parts import source_profile_of
from processors.reference import Reference
from processors.rewards.late_consent import terms_of
from processors.rewards.lots import terms as lot_terms
from processors.rewards.referrals.both_sides import FORGOTTEN
from processors.rewards.referrals.friend import decided_as_friend, forget_referrer, waits_until, window_ended
from processors.rewards.referrals.referrer import decided_as_referrer, forget_friend, told
from processors.rewards.referrals.rings import number_of
from processors.rewards.referrals.state import Edge, First, Followed, Referrals, Terms, kept_links, kept_ties
from processors.rewards.state import Account
from processors.step import PURGE, Drop, Effect, Emit, Step
from schemas import kinds
from schemas.brand.referral import DAY_US, Referral
from schemas.brand.rewards import TRUSTED
from schemas.events import ReferralChanged, TouchpointIdentified
from schemas.identifiers.types import DEVICE, is_blocked, type_of
from schemas.ids import derived
from schemas.reasons import DropReason

LOW_TRUST: Final = Drop(DropReason.LOW_TRUST)
SHARED_BY_MANY: Final = frozenset((DEVICE, "mac"))
"""Types of identifiers that say nothing of who paid."""


class _Properties(msgspec.Struct):
    referrer: str = msgspec.field(default="", name=kinds.REFERRER)


_read = msgspec.json.Decoder(_Properties).decode


def with_referrals(before: Account | None, step: Step[Account], event: Any, reference: Reference) -> Step[Account]:
    """The step once what it changed has its effect on referrals.

    :param before: the account before the event.
    """
    account, effects = step.state, step.effects
    if isinstance(event, TouchpointIdentified) and event.person_id and (programmes := reference.brand.referral):
        account, dropped = _noted(account, event, next(iter(programmes.values())), reference)
        effects = (*effects, *dropped)
    if account is None or account is before or not has_sides(account):
        return step if account is step.state else Step(account, effects)
    after, changed = decided(account)
    return Step(after, (*effects, *changed))


def heard(account: Account | None, event: ReferralChanged) -> Step[Account]:
    """The account once it has what the other side of a referral says."""
    before = account or Account()
    if event.state == FORGOTTEN:
        after = _forgotten(before, event)
        return Step(account) if after is before else Step(after, (PURGE,))
    after = told(before, event) if event.source_profile_id == event.referrer_profile_id else _answered(before, event)
    if after is before:
        return Step(account)
    return Step(*decided(after))


def decided(account: Account) -> tuple[Account, tuple[Effect, ...]]:
    """The account with its referrals as all that it knows says, and what that changes."""
    if not has_sides(account):
        return account, ()
    account, as_friend = decided_as_friend(account)
    account, as_referrer = decided_as_referrer(account)
    return account, (*as_friend, *as_referrer)


def has_sides(account: Account) -> bool:
    """Whether anybody of the person followed a link, or was followed."""
    return any(part.referrals.has_sides for part in account.parts.values())


def wakes(account: Account) -> int | None:
    """When the next return window ends."""
    return waits_until(account)


def due(account: Account, at: int) -> Step[Account]:
    """What follows from the end of return windows."""
    return Step(*decided(window_ended(account, at)))


def forgotten_by_erasure(account: Account) -> Iterator[Emit]:
    """What the other sides of the referrals of an erased source profile are told: they forget it."""
    for profile, part in account.parts.items():
        for id, link in part.referrals.followed.items():
            if link.referrer:
                yield forget_referrer(profile, id, link)
        for id, friend in part.referrals.friends.items():
            if friend.friend:
                yield forget_friend(profile, id, friend)


def _noted(
    account: Account | None, event: TouchpointIdentified, programme: Referral, reference: Reference
) -> tuple[Account | None, tuple[Drop, ...]]:
    """The account once it has what the event says for referrals."""
    is_link = event.source == kinds.SCAN and event.tag == programme.tag and kinds.REFERRER in event.properties
    is_sale = event.type == kinds.SALE and (event.amount_micros or 0) > 0
    qualifies = is_sale if event.type == kinds.SALE else event.type in programme.on
    if not (is_link or is_sale or qualifies):
        return account, ()
    if is_link and event.trust is not None and event.trust < TRUSTED:
        return account, (LOW_TRUST,)
    profile, before = source_profile_of(event), account or Account()
    part = before.part(profile)
    now = _with_first(part.referrals, event, reference) if qualifies else part.referrals
    if is_sale:
        ties = kept_ties((*now.ties, *(number_of(one) for one in event.identifiers if _is_tie(one))))
        now = now if ties == now.ties else msgspec.structs.replace(now, ties=ties)
    if is_link and (referrer := _read(event.properties).referrer):
        now = _with_link(now, event, profile, referrer, programme, reference)
    if now is part.referrals:
        return account, ()
    return before.with_part(profile, msgspec.structs.replace(part, referrals=now)), ()


def _is_tie(identifier: str) -> bool:
    return type_of(identifier) not in SHARED_BY_MANY and not is_blocked(identifier)


def _with_first(referrals: Referrals, event: TouchpointIdentified, reference: Reference) -> Referrals:
    known = referrals.firsts.get(event.type)
    if known is not None and (known.at, known.event_id) <= (event.occurred_at, event.event_id):
        return referrals
    _, expires_at = lot_terms(None, event.occurred_at, reference.brand)
    first = First(event.occurred_at, event.event_id, event.amount_micros or 0, event.currency, expires_at)
    return msgspec.structs.replace(referrals, firsts=referrals.firsts | {event.type: first})


def _with_link(
    referrals: Referrals,
    event: TouchpointIdentified,
    profile: str,
    referrer: str,
    programme: Referral,
    reference: Reference,
) -> Referrals:
    """With a link that was followed; following it again changes nothing."""
    id = derived("referral", referrer, profile)
    known = referrals.followed.get(id)
    if known is not None and known.at <= event.occurred_at:
        return referrals
    terms = Terms(
        programme.id,
        programme.version,
        programme.on,
        programme.minimum_micros,
        reference.brand.about.currency,
        programme.window_days * DAY_US,
        programme.return_days * DAY_US,
        programme.referrer_points,
        programme.friend_points,
        programme.per_household,
        programme.per_year,
        terms_of(event, reference),
    )
    if known is None:
        link = Followed(referrer, event.occurred_at, terms)
    else:
        link = msgspec.structs.replace(known, at=event.occurred_at, terms=terms)
    followed = kept_links(referrals.followed | {id: link})
    return referrals if followed == referrals.followed else msgspec.structs.replace(referrals, followed=followed)


def _answered(account: Account, event: ReferralChanged) -> Account:
    """The friend's account once it has the referrer's answer."""
    part = account.part(event.source_profile_id)
    link = part.referrals.followed.get(event.referral_id)
    if link is None or event.version <= link.answered:
        return account
    lineage = tuple(Edge(one.referrer, one.friend, one.at) for one in event.lineage)
    now = msgspec.structs.replace(link, answer=event.state, answered=event.version, lineage=lineage)
    referrals = msgspec.structs.replace(part.referrals, followed=part.referrals.followed | {event.referral_id: now})
    return account.with_part(event.source_profile_id, msgspec.structs.replace(part, referrals=referrals))


def _forgotten(account: Account, event: ReferralChanged) -> Account:
    """The account once it does not know any more who the other side was."""
    part = account.part(event.source_profile_id)
    referrals, id = part.referrals, event.referral_id
    if (friend := referrals.friends.get(id)) is not None and friend.friend and not event.friend_profile_id:
        friends = referrals.friends | {id: msgspec.structs.replace(friend, friend="", ties=())}
        referrals = msgspec.structs.replace(referrals, friends=friends)
    if (link := referrals.followed.get(id)) is not None and link.referrer and not event.referrer_profile_id:
        followed = referrals.followed | {id: msgspec.structs.replace(link, referrer="")}
        referrals = msgspec.structs.replace(referrals, followed=followed)
    if referrals is part.referrals:
        return account
    return account.with_part(event.source_profile_id, msgspec.structs.replace(part, referrals=referrals))
