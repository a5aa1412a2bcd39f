"""What returns take back of a sale's points, and give back when they are booked elsewhere: the difference between what
the sale has now and what was posted for it."""

from collections.abc import Iterator, Mapping

import msgspec

from processors.parts import source_profile_of
from processors.purchases import UNNAMED, Return, Sale, reconciled
from processors.rewards.coupons import taken_back
from processors.rewards.ledger import REVERSED, entry_key, posted_further
from processors.rewards.lots import lot_name
from processors.rewards.references import refer
from processors.rewards.state import Account, AccountPart, Origin, Posting
from processors.step import Emit, Step
from schemas.events import RewardPosted, TouchpointIdentified
from schemas.ids import derived, hash64

MICROS = 1_000_000
ALL_OF_IT = -1
"""What points count on: all of a sale."""


def reconcile(account: Account) -> tuple[Account, tuple[Emit, ...]]:
    """Books the returns on their sales, and posts the difference that this makes."""
    histories = reconciled(account.histories)
    changed = {profile: part for profile, part in account.parts.items() if histories[profile] is not part.history}
    after, effects = account, list[Emit]()
    for profile, part in changed.items():
        after = after.with_part(profile, msgspec.structs.replace(part, history=histories[profile]))
    for profile, part in changed.items():
        effects += _of_coupons(account, part, histories[profile].sales)
        for id, before in part.history.sales.items():
            if (now := histories[profile].sales[id]) is not before and id in part.postings:
                after, entries = _reverse(account, after, profile, id, before, now)
                # What a return is booked on may change with the order between topics.
                effects += (Emit(entry, transactional=True) for entry in entries)
    return after, tuple(effects)


def _of_coupons(account: Account, part: AccountPart, now: Mapping[int, Sale]) -> Iterator[Emit]:
    """What coupons hear of the sales that used some."""
    for id in part.coupon_sales:
        if id not in part.history.sales:
            continue
        before, sale_event_id = part.history.sales[id], part.sale_ids.get(id, "")
        if now[id] is not before and sale_event_id:
            for _, back, origin in _changed(account, before, now[id]):
                if origin is not None:
                    yield taken_back(sale_event_id, origin.event_id, back.occurred_at, before, now[id])


def returned(account: Account | None, event: TouchpointIdentified) -> Step[Account]:
    """A return is booked here when its sale is one of the person's or it names none, and elsewhere otherwise. Without a
    name and a person it is the store's."""
    back = Return(event.occurred_at, event.currency, event.amount_micros or 0)
    if not event.related_event_id:
        if not event.person_id:
            return Step(account)
        return with_return(account or Account(), source_profile_of(event), back, event.event_id)
    back = msgspec.structs.replace(back, sale=hash64(event.related_event_id))
    if account is not None:
        for profile, history in account.histories.items():
            if back.sale in history.sales:
                return with_return(account, profile, back, event.event_id)
    return Step(account, (refer(event),))


def with_return(account: Account, profile: str, back: Return, event_id: str) -> Step[Account]:
    """The account with a return that is booked here, of the event with that id."""
    part, id = account.part(profile), hash64(event_id)
    is_closed = back.sale != UNNAMED and part.knows(back.sale)
    if is_closed or part.knows(id) or id in part.history.returns:
        return Step(account)
    with_return = msgspec.structs.replace(
        part, history=part.history.with_return(id, back), origins=part.origins | {id: Origin(event_id)}
    )
    after, effects = reconcile(account.with_part(profile, with_return))
    return Step(after, effects)


def points_for(fixed: int, per_unit: int, micros: int, whole: int = 0, counted: int = ALL_OF_IT) -> int:
    """Points of so much money: ``fixed`` ones for any, and those of each whole unit; of none there are none. A receipt
    that paid out more than it took costs the points of what it paid out. Where they are on a part of the sale, or on
    more than all of it, they are in proportion.

    :param micros: what stays paid. :param whole: what was paid. :param counted: of the latter, what the points are on.
    """
    if counted != ALL_OF_IT:
        return fixed + per_unit * (counted * micros // (whole * MICROS)) if micros > 0 else 0
    units = abs(micros) // MICROS
    return fixed + per_unit * units if micros > 0 else -per_unit * units


def due_to(posting: Posting, sale: Sale, left: int) -> int:
    """The points that a posting is to have, with so much (millionths) left of its sale."""
    if posting.refused or posting.over:
        return 0
    points = points_for(posting.fixed, posting.per_unit, left, sale.micros, posting.counted)
    return points if posting.most < 0 else min(points, posting.most)


def _reverse(
    account: Account, after: Account, seller: str, id: int, before: Sale, now: Sale
) -> tuple[Account, list[RewardPosted]]:
    """Posts, return by return, what the changed bookings of a sale change in its points; last what is due to returns
    that have left with their person. :param after: the account as far as it is posted."""
    left, entries = before.left_micros, list[RewardPosted]()
    steps: list[tuple[Return | None, Origin | None, int]] = []
    for back_id, back, origin in _changed(account, before, now):
        left += before.booked.get(back_id, 0) - now.booked.get(back_id, 0)
        steps.append((back, origin, left))
    steps.append((None, None, now.left_micros))
    for cause, origin, left in steps:
        for index, posting in enumerate(after.part(seller).postings[id]):
            difference = due_to(posting, now, left) - posting.points
            if not difference or not before.micros:
                continue
            at = cause.occurred_at if cause is not None else now.occurred_at
            further = further_entry(after.part(seller), seller, posting, difference, at, cause, origin)
            posted = posted_further(after, seller, *further, posting.forgiven)
            after = _with_posting(
                posted.account, seller, id, index, with_difference(posting, difference, posted.forgiven)
            )
            entries += posted.entries
    return after, entries


def with_difference(posting: Posting, points: int, forgiven: int) -> Posting:
    """The posting after a further entry. :param forgiven: of its points."""
    return msgspec.structs.replace(
        posting,
        points=posting.points + points,
        reversals=posting.reversals + 1,
        forgiven=posting.forgiven + forgiven,
    )


def _with_posting(account: Account, seller: str, id: int, index: int, posting: Posting) -> Account:
    part = account.part(seller)
    of_sale = list(part.postings[id])
    of_sale[index] = posting
    return account.with_part(seller, msgspec.structs.replace(part, postings=part.postings | {id: tuple(of_sale)}))


def _changed(account: Account, before: Sale, now: Sale) -> Iterator[tuple[int, Return, Origin | None]]:
    """The returns whose booking on a sale changed, in order of time."""
    known = [
        (part.history.returns[id].occurred_at, id, profile)
        for profile, part in account.parts.items()
        for id in part.history.returns
        if before.booked.get(id) != now.booked.get(id)
    ]
    for _, id, profile in sorted(known):
        part = account.parts[profile]
        yield id, part.history.returns[id], part.origins.get(id)


def further_entry(
    part: AccountPart,
    seller: str,
    posting: Posting,
    points: int,
    occurred_at: int,
    back: Return | None = None,
    origin: Origin | None = None,
) -> tuple[int, RewardPosted]:
    """An entry that follows the first one of a posting, and its key. The first one of a return that names its sale has
    the return's id alone; others count, as bookings are divided and move and as statements arrive."""
    source = origin.event_id if origin is not None else posting.source_event_id
    what: tuple[str, ...] = (posting.rule, source)
    if back is None or not back.sale or part.knows(entry_key(*what)):
        what = (*what, posting.entry_id, str(posting.reversals))
    entry = RewardPosted(
        event_id=derived("reward", posting.rule, seller, *what[1:]),
        occurred_at=occurred_at,
        person_id=posting.person_id or seller,
        kind=REVERSED,
        points=points,
        rule=posting.rule,
        rule_version=posting.version,
        source_event_id=source,
        reverses_event_id=posting.entry_id,
        source_profile_id=seller,
        lot=lot_name(posting.expires_at),
        active_at=posting.active_at,
        expires_at=posting.expires_at,
    )
    return entry_key(*what), entry
