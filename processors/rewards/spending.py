"""Points that are spent, given back, adjusted and transferred.

A redemption is the event that spends points: its id is unique for ever, and the same again is answered as at first. It
takes all the points or none. What comes back goes to the lots it came from, the last to expire first, and never more
than was spent. A transfer leaves one account and arrives at another by a message in the transaction that takes it.

All of this depends on what was spent and has expired before, so all entries are transactional.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from processors.parts import source_profile_of
from processors.reference import Reference
from processors.rewards.ledger import entry_key, named, spendable, spent_of, takings, with_earned
from processors.rewards.lots import NEVER, terms
from processors.rewards.redemptions import KEPT, Redemption
from processors.rewards.state import Account
from processors.step import Emit, Step
from schemas import kinds
from schemas.events import PointsMoved, RewardPosted, TouchpointIdentified
from schemas.ids import derived, hash64
from schemas.points import Stated, stated_of
from schemas.reasons import RefusalReason

SPENT, REFUSED, RETURNED, ADJUSTED, TRANSFERRED = "spent", "refused", "returned", "adjusted", "transferred"


def moved(account: Account | None, event: TouchpointIdentified, reference: Reference) -> Step[Account]:
    """The account after an event of ``kinds.POINTS``. An event that states no points, as no gateway lets through,
    changes nothing."""
    stated = stated_of(event.properties)
    if stated is None or not event.person_id:
        return Step(account)
    before, profile = account or Account(), source_profile_of(event)
    known = before.part(profile).redemptions.get(id := hash64(event.event_id))
    if known is not None:
        return Step(before, _answer(known, profile))
    if before.part(profile).knows(id):
        return Step(account)
    if event.type == kinds.POINTS_RETURNED:
        return _returned(before, event, profile, id, stated)
    if event.type == kinds.POINTS_ADJUSTED and stated.points > 0:
        return _granted(before, event, profile, id, stated, reference)
    points = abs(stated.points)
    if points > spendable(before, event.occurred_at):
        return _refused(before, event, profile, id, points, RefusalReason.NOT_ENOUGH)
    if event.type == kinds.POINTS_SPENT:
        return _spent(before, event, profile, id, points)
    return _given(before, event, profile, id, points, stated)


def arrived(account: Account | None, event: PointsMoved, reference: Reference) -> Step[Account]:
    """The account with points that somebody transferred to it."""
    before, profile = account or Account(), event.source_profile_id
    part, key = before.part(profile), entry_key(TRANSFERRED, event.event_id)
    if part.knows(key):
        return Step(account)
    entry = RewardPosted(
        event_id=derived("reward", TRANSFERRED, event.event_id),
        occurred_at=event.occurred_at,
        person_id=event.person_id,
        kind=TRANSFERRED,
        points=event.points,
        rule="",
        rule_version=0,
        source_event_id=event.source_event_id,
        source_profile_id=profile,
        reason=event.reason,
        **named(event.expires_at),
    )
    after = with_earned(part, {key: entry}, reference.brand)
    return Step(before.with_part(profile, after), (Emit(entry, transactional=True),))


def _spent(account: Account, event: TouchpointIdentified, profile: str, id: int, points: int) -> Step[Account]:
    taken = tuple((one.profile, one.expires_at, one.points) for one in takings(account, points, event.occurred_at))
    balance = spendable(account, event.occurred_at) - points
    redemption = Redemption(event.occurred_at, event.event_id, event.person_id, points, taken, balance=balance)
    effects = _answer(redemption, profile)
    return Step(_with_redemption(_after(account, effects), profile, id, redemption), effects)


def _refused(
    account: Account, event: TouchpointIdentified, profile: str, id: int, points: int, reason: RefusalReason
) -> Step[Account]:
    balance = spendable(account, event.occurred_at)
    redemption = Redemption(
        event.occurred_at, event.event_id, event.person_id, points, balance=balance, reason=str(reason)
    )
    return Step(_with_redemption(account, profile, id, redemption), _answer(redemption, profile))


def _answer(redemption: Redemption, profile: str) -> tuple[Emit, ...]:
    """The entries of a redemption, the same whenever it is asked for."""
    if not redemption.taken:
        return (Emit(_entry(redemption, REFUSED, profile, NEVER, 0), transactional=True),)
    return tuple(
        Emit(_entry(redemption, SPENT, whose, expires_at, -points), transactional=True)
        for whose, expires_at, points in redemption.taken
    )


def _returned(account: Account, event: TouchpointIdentified, profile: str, id: int, stated: Stated) -> Step[Account]:
    """Gives back what is stated of a redemption, by default all; not more than is spent of it."""
    known_id = hash64(stated.redemption_id)
    owner = next((whose for whose, part in account.parts.items() if known_id in part.redemptions), None)
    if owner is None:
        return _refused(account, event, profile, id, stated.points, RefusalReason.NO_REDEMPTION)
    redemption = account.part(owner).redemptions[known_id]
    rest = points = min(stated.points or redemption.spent, redemption.spent)
    if not points:
        return _refused(account, event, profile, id, stated.points, RefusalReason.RETURNED)
    back, before = list[tuple[str, int, int]](), redemption.returned
    for whose, expires_at, taken in reversed(redemption.taken):
        already = min(before, taken)
        before -= already
        if (now := min(rest, taken - already)) > 0:
            rest -= now
            back.append((whose, expires_at, now))
    balance = spendable(account, event.occurred_at)
    own = Redemption(event.occurred_at, event.event_id, event.person_id, points, balance=balance)
    entries = []
    for whose, expires_at, now in back:
        # What has come apart from the person meanwhile does not get points of it: they stay with who spent them.
        to = whose if whose in account.parts else owner
        entry = _entry(own, RETURNED, to, expires_at, now, cause=whose)
        spent_id = derived("reward", SPENT, redemption.event_id, whose, str(expires_at), whose)
        entries.append(Emit(msgspec.structs.replace(entry, reverses_event_id=spent_id), transactional=True))
    account = _after(account, entries)
    given = msgspec.structs.replace(redemption, returned=redemption.returned + points)
    account = _with_redemption(account, owner, known_id, given)
    part = account.part(profile)
    account = account.with_part(profile, msgspec.structs.replace(part, posted=part.posted | {id: 0}))
    return Step(account, tuple(entries))


def _granted(
    account: Account, event: TouchpointIdentified, profile: str, id: int, stated: Stated, reference: Reference
) -> Step[Account]:
    """An operator's points, which can be spent at once and expire as others of the day do."""
    _, expires_at = terms(None, event.occurred_at, reference.brand)
    own = Redemption(event.occurred_at, event.event_id, event.person_id, stated.points, reason=stated.reason)
    entry = _entry(own, ADJUSTED, profile, expires_at, stated.points)
    part = with_earned(account.part(profile), {id: entry}, reference.brand)
    return Step(account.with_part(profile, part), (Emit(entry, transactional=True),))


def _given(
    account: Account, event: TouchpointIdentified, profile: str, id: int, points: int, stated: Stated
) -> Step[Account]:
    """Points that an operator takes away, or takes to another person."""
    kind = ADJUSTED if event.type == kinds.POINTS_ADJUSTED else TRANSFERRED
    own = Redemption(event.occurred_at, event.event_id, event.person_id, points, reason=stated.reason)
    taken = list(takings(account, points, event.occurred_at))
    entries = [Emit(_entry(own, kind, one.profile, one.expires_at, -one.points), transactional=True) for one in taken]
    account = _after(account, entries)
    part = account.part(profile)
    account = account.with_part(profile, msgspec.structs.replace(part, posted=part.posted | {id: 0}))
    if kind == ADJUSTED:
        return Step(account, tuple(entries))
    messages = [
        PointsMoved(
            event_id=derived("points moved", event.event_id, one.profile, str(one.expires_at)),
            occurred_at=event.occurred_at,
            person_id=stated.to,
            source_profile_id=stated.to,
            points=one.points,
            expires_at=one.expires_at,
            source_event_id=event.event_id,
            reason=stated.reason,
        )
        for one in taken
    ]
    return Step(account, (*entries, *(Emit(message, transactional=True) for message in messages)))


def _after(account: Account, entries: Iterable[Emit]) -> Account:
    for effect in entries:
        entry: Any = effect.event
        part = account.part(entry.source_profile_id)
        account = account.with_part(
            entry.source_profile_id, spent_of(part, entry, entry_key(entry.kind, entry.event_id))
        )
    return account


def _with_redemption(account: Account, profile: str, id: int, redemption: Redemption) -> Account:
    part = account.part(profile)
    kept = dict(list((part.redemptions | {id: redemption}).items())[-KEPT:])
    posted = part.posted if id in part.posted else part.posted | {id: 0}
    return account.with_part(profile, msgspec.structs.replace(part, redemptions=kept, posted=posted))


def _entry(
    redemption: Redemption, kind: str, profile: str, expires_at: int, points: int, cause: str = ""
) -> RewardPosted:
    return RewardPosted(
        event_id=derived("reward", kind, redemption.event_id, profile, str(expires_at), cause or profile),
        occurred_at=redemption.at,
        person_id=redemption.person_id,
        kind=kind,
        points=points,
        rule="",
        rule_version=0,
        source_event_id=redemption.event_id,
        source_profile_id=profile,
        reason=redemption.reason,
        balance=redemption.balance,
        **named(expires_at),
    )
