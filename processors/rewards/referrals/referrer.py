"""The referrer's side: whether a referral that came about pays.

It does unless both sides are one person, share an identifier of their purchases, or one of the referrer's limits is
reached; a person's referrals are looked at in the order in which their friends qualified. Whom identity joins later is
one person from then on, and what was paid is taken back; where it parts them again, it is paid again.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from processors.rewards.referrals.both_sides import (
    BLOCKED,
    FORGOTTEN,
    KEPT,
    PAID,
    REVERSED_REFERRAL,
    agrees,
    content_of,
    posted,
)
from processors.rewards.referrals.rings import number_of, passed_on
from processors.rewards.referrals.state import Edge, First, Friend, kept_friends
from processors.rewards.state import Account
from processors.step import Drop, Effect, Emit
from schemas.events import ReferralChanged, ReferralEdge
from schemas.ids import derived
from schemas.reasons import DropReason, ReferralReason

NOT_PAID = Drop(DropReason.REFERRAL_BLOCKED)
STRANGERS = frozenset((ReferralReason.SELF, ReferralReason.SHARED_IDENTIFIER, ReferralReason.NO_CONSENT))
"""Reasons for which there is no referral at all; others leave one that does not pay, and may be part of a ring."""


def told(account: Account, event: ReferralChanged) -> Account:
    """The account once it knows what a friend's account said; the same object where that is nothing new."""
    part = account.part(event.source_profile_id)
    friends = part.referrals.friends
    known = friends.get(event.referral_id)
    if event.version <= (0 if known is None else known.version) or (known is None and not event.rule):
        return account
    friend = Friend(
        event.friend_profile_id,
        event.version,
        event.state,
        event.reason,
        event.qualified_at,
        event.qualifying_event_id,
        event.ties,
        event.rule,
        event.rule_version,
        event.points,
        event.per_household,
        event.per_year,
        event.terms,
        event.expires_at,
    )
    if known is not None:
        friend = msgspec.structs.replace(
            friend,
            friend=known.friend and friend.friend,
            answer=known.answer,
            why=known.why,
            said=known.said,
            answered=known.answered,
            paid=known.paid,
        )
    referrals = msgspec.structs.replace(part.referrals, friends=kept_friends(friends | {event.referral_id: friend}))
    return account.with_part(event.source_profile_id, msgspec.structs.replace(part, referrals=referrals))


def decided_as_referrer(account: Account) -> tuple[Account, list[Effect]]:
    """The account once its referrals pay as all that it knows says, and what that changes."""
    after, effects = account, list[Effect]()
    own, lineage = {number_of(profile) for profile in account.parts}, _lineage(account)
    for profile, id, friend, why in _decided(account):
        pays = friend.state == KEPT and not why
        answer = PAID if pays else REVERSED_REFERRAL if friend.answer in (PAID, REVERSED_REFERRAL) else BLOCKED
        now = friend
        edges = tuple[Edge, ...]()
        if friend.state == KEPT and why not in STRANGERS:
            edges = passed_on(lineage, own, Edge(number_of(profile), number_of(friend.friend), friend.at))
        content = content_of(answer, why, *(f"{one.referrer} {one.friend} {one.at}" for one in edges))
        if content != friend.said:
            now = msgspec.structs.replace(now, answer=answer, why=why, said=content, answered=friend.answered + 1)
            effects.append(Emit(_answer(profile, id, now, edges), transactional=True))
            if answer == BLOCKED and (friend.answer, friend.why) != (answer, why):
                effects.append(NOT_PAID)
        due = friend.points if pays else 0
        if due != friend.paid.points:
            source = First(friend.at, friend.event_id, expires_at=friend.expires_at)
            after, paid, entries = posted(
                after, profile, id, friend.rule, friend.rule_version, friend.paid, due, source
            )
            now = msgspec.structs.replace(now, paid=paid)
            effects += entries
        if now != friend:
            part = after.part(profile)
            referrals = msgspec.structs.replace(part.referrals, friends=part.referrals.friends | {id: now})
            after = after.with_part(profile, msgspec.structs.replace(part, referrals=referrals))
    return after, effects


def forget_friend(profile: str, id: str, friend: Friend) -> Emit:
    """What the erasure of a referrer says to the friend."""
    forgotten = ReferralChanged(
        event_id=derived("referral", id, "referrer", FORGOTTEN),
        occurred_at=friend.at,
        person_id=friend.friend,
        source_profile_id=friend.friend,
        referral_id=id,
        state=FORGOTTEN,
        referrer_profile_id="",
        friend_profile_id=friend.friend,
    )
    return Emit(forgotten, transactional=True)


def _decided(account: Account) -> Iterator[tuple[str, str, Friend, str]]:
    """Each friend, with the source profile whose link they followed, the referral and why it does not pay. A friend who
    is erased stays as they were, and counts."""
    friends = [
        (friend.at, id, profile, friend)
        for profile, part in account.parts.items()
        for id, friend in part.referrals.friends.items()
    ]
    own_ties = {tie for part in account.parts.values() for tie in part.referrals.ties}
    by_year, paid_ties = Counter[int](), list[set[int]]()
    for at, id, profile, friend in sorted(friends, key=lambda one: one[:2]):
        year = datetime.fromtimestamp(at // 1_000_000, UTC).year
        ties = set(friend.ties)
        if not friend.friend:
            if friend.paid.points:
                by_year[year] += 1
                paid_ties.append(ties)
            continue
        why = friend.reason or _stranger(account, friend, own_ties)
        if not why and friend.state == KEPT:
            if sum(not ties.isdisjoint(other) for other in paid_ties) >= friend.per_household:
                why = ReferralReason.HOUSEHOLD
            elif by_year[year] >= friend.per_year:
                why = ReferralReason.PER_YEAR
            else:
                by_year[year] += 1
                paid_ties.append(ties)
        yield profile, id, friend, why


def _stranger(account: Account, friend: Friend, own_ties: set[int]) -> str:
    if friend.friend in account.parts:
        return ReferralReason.SELF
    if not own_ties.isdisjoint(friend.ties):
        return ReferralReason.SHARED_IDENTIFIER
    return "" if agrees(account, friend.at, friend.consent) else ReferralReason.NO_CONSENT


def _lineage(account: Account) -> tuple[Edge, ...]:
    """The referrals by which the person was found."""
    kept = (
        (link.at, id, link.lineage)
        for part in account.parts.values()
        for id, link in part.referrals.followed.items()
        if link.state == KEPT and link.lineage
    )
    return min(kept, default=(0, "", ()), key=lambda one: one[:2])[2]


def _answer(profile: str, id: str, friend: Friend, edges: tuple[Edge, ...]) -> ReferralChanged:
    return ReferralChanged(
        event_id=derived("referral", id, "referrer", str(friend.answered)),
        occurred_at=friend.at,
        person_id=friend.friend,
        source_profile_id=friend.friend,
        referral_id=id,
        state=friend.answer,
        referrer_profile_id=profile,
        friend_profile_id=friend.friend,
        reason=friend.why,
        qualifying_event_id=friend.event_id,
        version=friend.answered,
        qualified_at=friend.at,
        rule=friend.rule,
        rule_version=friend.rule_version,
        points=friend.points,
        lineage=tuple(ReferralEdge(one.referrer, one.friend, one.at) for one in edges),
    )
