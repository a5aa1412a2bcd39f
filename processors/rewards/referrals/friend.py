"""The friend's side: whether a referral came about.

The friend is a person: the links that all their source profiles followed, and the first event that any of them ever
sent of the kinds that qualify. That event has to come after the link was followed and within its window; of several
links for which it does, the first one counts. Then the return window has to pass with enough of it left, which a timer
says, once. Links of the person themselves count for nothing.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from processors.rewards.referrals.both_sides import (
    FORGOTTEN,
    KEPT,
    LINKED,
    PAID,
    WAITING,
    WITHDRAWN,
    agrees,
    content_of,
    posted,
)
from processors.rewards.referrals.rings import is_last_of_ring, number_of
from processors.rewards.referrals.state import First, Followed
from processors.rewards.state import Account
from processors.step import Drop, Effect, Emit
from schemas import kinds
from schemas.events import ReferralChanged
from schemas.ids import derived, hash64
from schemas.reasons import DropReason, ReferralReason

TIES_SENT: Final = 16
BLOCKED: Final = Drop(DropReason.REFERRAL_BLOCKED)


class Claim(NamedTuple):
    """What became of a link: its state, why not more, the event that qualifies, and when its return window ends."""

    state: str
    reason: str = ""
    first: First | None = None
    ends_at: int = 0


def decided_as_friend(account: Account) -> tuple[Account, list[Effect]]:
    """The account once what became of its links is as all that it knows says, and what that changes."""
    after, effects = account, list[Effect]()
    ties = tuple(sorted({tie for part in account.parts.values() for tie in part.referrals.ties})[:TIES_SENT])
    for profile, id, claim in _claims(account):
        link = account.part(profile).referrals.followed[id]
        reached = max(link.reached, claim.ends_at) if claim.state == KEPT else link.reached
        now = msgspec.structs.replace(
            link,
            reached=reached,
            ends_at=claim.ends_at if claim.state == WAITING else 0,
            state=claim.state,
            qualified=claim.first,
        )
        content = content_of(*_content(claim), *map(str, ties if claim.state == KEPT else ()))
        if content != link.said:
            now = msgspec.structs.replace(now, said=content, version=link.version + 1)
            if link.referrer:
                effects.append(Emit(_said(profile, id, now, claim.reason, ties), transactional=True))
            if claim.reason:
                effects.append(BLOCKED)
        due = link.terms.friend_points if claim.state == KEPT and not claim.reason and link.answer == PAID else 0
        source = claim.first or link.qualified
        if due != link.paid.points and source is not None:
            terms = link.terms
            after, paid, entries = posted(after, profile, id, terms.rule, terms.version, link.paid, due, source)
            now = msgspec.structs.replace(now, paid=paid)
            effects += entries
        if now != link:
            part = after.part(profile)
            followed = part.referrals.followed | {id: now}
            referrals = msgspec.structs.replace(part.referrals, followed=followed)
            after = after.with_part(profile, msgspec.structs.replace(part, referrals=referrals))
    return after, effects


def waits_until(account: Account) -> int | None:
    """The end of the return window that ends next (microseconds)."""
    ends = (link.ends_at for part in account.parts.values() for link in part.referrals.followed.values())
    return min((end for end in ends if end), default=None)


def window_ended(account: Account, at: int) -> Account:
    """The account once the return windows that end by then have ended."""
    for profile, part in account.parts.items():
        ended = {
            id: msgspec.structs.replace(link, reached=max(link.reached, link.ends_at), ends_at=0)
            for id, link in part.referrals.followed.items()
            if link.ends_at and link.ends_at <= at
        }
        if ended:
            referrals = msgspec.structs.replace(part.referrals, followed=part.referrals.followed | ended)
            account = account.with_part(profile, msgspec.structs.replace(part, referrals=referrals))
    return account


def forget_referrer(profile: str, id: str, link: Followed) -> Emit:
    """What the erasure of a friend says to the referrer: the referral is of somebody whom nobody knows."""
    forgotten = ReferralChanged(
        event_id=derived("referral", id, "friend", FORGOTTEN),
        occurred_at=link.at,
        person_id=link.referrer,
        source_profile_id=link.referrer,
        referral_id=id,
        state=FORGOTTEN,
        referrer_profile_id=link.referrer,
        friend_profile_id="",
    )
    return Emit(forgotten, transactional=True)


def _claims(account: Account) -> Iterator[tuple[str, str, Claim]]:
    """What becomes of each link, with its source profile and id, in the order in which the links were followed."""
    links = [
        (link.at, id, profile, link)
        for profile, part in account.parts.items()
        for id, link in part.referrals.followed.items()
    ]
    own, is_taken = {number_of(profile) for profile in account.parts}, False
    for _, id, profile, link in sorted(links, key=lambda one: one[:2]):
        claim = _claim(account, link, is_taken)
        is_taken = is_taken or claim.first is not None
        if claim.state == KEPT and is_last_of_ring(link.lineage, own):
            claim = claim._replace(reason=ReferralReason.RING)
        yield profile, id, claim


def _claim(account: Account, link: Followed, is_taken: bool) -> Claim:
    """:param is_taken: whether the event that qualifies belongs to an earlier link."""
    terms, first = link.terms, _first(account, link.terms.on)
    if link.referrer in account.parts:
        return Claim(WITHDRAWN, ReferralReason.SELF)
    if not agrees(account, link.at, terms.consent):
        return Claim(WITHDRAWN, ReferralReason.NO_CONSENT)
    if first is None:
        return Claim(LINKED)
    if first.at < link.at:
        return Claim(WITHDRAWN, ReferralReason.NOT_NEW)
    if first.at > link.at + terms.window_us:
        return Claim(WITHDRAWN, ReferralReason.TOO_LATE)
    if is_taken:
        return Claim(WITHDRAWN, ReferralReason.ANOTHER)
    if terms.minimum_micros and (first.micros < terms.minimum_micros or first.currency != terms.currency):
        return Claim(WITHDRAWN, ReferralReason.TOO_SMALL, first)
    if not agrees(account, first.at, terms.consent):
        return Claim(WITHDRAWN, ReferralReason.NO_CONSENT, first)
    if first.micros and _left(account, first, link) < max(1, terms.minimum_micros):
        return Claim(WITHDRAWN, ReferralReason.RETURNED, first)
    ends_at = first.at + terms.hold_us
    return Claim(KEPT if link.reached >= ends_at else WAITING, "", first, ends_at)


def _first(account: Account, on: tuple[str, ...]) -> First | None:
    """The person's first event of these kinds."""
    found = [
        part.referrals.firsts[kind] for part in account.parts.values() for kind in on if kind in part.referrals.firsts
    ]
    if kinds.SALE in on:
        # Sales of before the brand had a programme.
        found += (
            First(sale.occurred_at, part.sale_ids[id], sale.micros, sale.currency)
            for part in account.parts.values()
            for id, sale in part.history.sales.items()
            if sale.micros > 0 and id in part.sale_ids
        )
    return min(found, key=lambda first: (first.at, first.event_id), default=None)


def _left(account: Account, sale: First, link: Followed) -> int:
    """What stays paid of a sale. Of one that is too old for returns nothing changes what was said."""
    id = hash64(sale.event_id)
    for part in account.parts.values():
        if id in part.history.sales:
            return part.history.sales[id].left_micros
    is_known = link.qualified is not None and link.qualified.event_id == sale.event_id
    return 0 if is_known and link.state == WITHDRAWN else sale.micros


def _content(claim: Claim) -> tuple[str, str, str]:
    return claim.state, claim.reason, claim.first.event_id if claim.first is not None else ""


def _said(profile: str, id: str, link: Followed, reason: str, ties: tuple[int, ...]) -> ReferralChanged:
    """What the referrer is told. Only who was kept once has terms: the referrer's account remembers nobody else."""
    first, terms = link.qualified, link.terms
    said = ReferralChanged(
        event_id=derived("referral", id, "friend", str(link.version)),
        occurred_at=link.at if first is None else first.at,
        person_id=link.referrer,
        source_profile_id=link.referrer,
        referral_id=id,
        state=link.state,
        referrer_profile_id=link.referrer,
        friend_profile_id=profile,
        reason=reason,
        qualifying_event_id="" if first is None else first.event_id,
        version=link.version,
        qualified_at=0 if first is None else first.at,
    )
    if not link.reached:
        return said
    return msgspec.structs.replace(
        said,
        rule=terms.rule,
        rule_version=terms.version,
        points=terms.referrer_points,
        per_household=terms.per_household,
        per_year=terms.per_year,
        terms=terms.consent,
        ties=ties,
        expires_at=0 if first is None else first.expires_at,
    )
