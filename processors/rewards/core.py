"""Rewards: reads touchpoint-identified, writes reward-posted, keyed by person id.

The ledger is append-only and unique per rule, own person and source event, whatever is replayed and under whatever name
identity saw the person. A return reverses what its
sale earned, in proportion to the money that went back, and leaves no residue when all of it did.
"""

from collections.abc import Iterable

import msgspec

from processors.rewards.state import Account, Part, Posting, Purchase, Return
from processors.step import Effect, Emit, Processor, Step
from processors.world import World
from schemas import kinds
from schemas.brand.model import Reward
from schemas.events import RewardPosted, TouchpointIdentified
from schemas.ids import derived, mark
from schemas.topics import IDENTITY_CHANGED, STATE_MOVED, TOUCHPOINT_IDENTIFIED

EARNED, REVERSED = "earned", "reversed"
MICROS = 1_000_000


def step(account: Account | None, event: TouchpointIdentified, world: World) -> Step[Account]:
    """Posts what the event earns, or takes back what it returns."""
    own = event.own_person_id or event.person_id
    if event.type == kinds.RETURN:
        after, entries = _take_back(account or Account(), _return_of(event, own))
        return Step(after, _effects(entries))
    before = account or Account()
    part = before.part(own)
    earned = tuple(_earned(before, event, own, world))
    if event.type == kinds.SALE:
        return _buy(before, part, event, own, earned, world)
    if not earned:
        return Step(account)
    return Step(before.having(own, _with(part, earned)), _earnings(earned, world))


def merge(winner: Account | None, loser: Account) -> Step[Account]:
    """The parts of two accounts: the balance is the sum, entries that both have count once, and a return that waited
    in one of them for a sale in the other takes it back."""
    if winner is None:
        return Step(loser)
    parts = winner.parts | loser.parts
    both = {own: winner.parts[own].joined(loser.parts[own]) for own in winner.parts if own in loser.parts}
    after, entries = _settle(Account(parts | both))
    return Step(after, _effects(entries))


def split(account: Account, own: str) -> tuple[Account | None, Account | None]:
    """What the others have, and what the own person earned and bought. What was taken back of a sale stays with it."""
    if own not in account.parts:
        return account, None
    others = {who: part for who, part in account.parts.items() if who != own}
    return Account(others) if others else None, Account({own: account.parts[own]})


def erase(account: Account) -> tuple[Effect, ...]:
    """The ledger's entries stay with the store, which forgets the person behind them; no posting is owed."""
    return ()


def _earned(account: Account, event: TouchpointIdentified, own: str, world: World) -> Iterable[RewardPosted]:
    posted = account.part(own).posted
    for rule in world.brand.rewards:
        points = _points(rule, event)
        if points and _mark(rule.id, event.event_id) not in posted and _bought_enough(account, event, rule):
            yield _entry(event, own, rule, points)


def _bought_enough(account: Account, event: TouchpointIdentified, rule: Reward) -> bool:
    if rule.purchases_at_least is None:
        return True
    this = event.type == kinds.SALE and (event.amount_micros or 0) > 0
    return account.purchases_by(event.occurred_at) + this >= rule.purchases_at_least


def _points(rule: Reward, event: TouchpointIdentified) -> int:
    if event.type not in rule.on or (rule.placements and event.placement not in rule.placements):
        return 0
    return rule.points + rule.points_per_unit * ((event.amount_micros or 0) // MICROS)


def _buy(
    account: Account,
    part: Part,
    event: TouchpointIdentified,
    own: str,
    earned: tuple[RewardPosted, ...],
    world: World,
) -> Step[Account]:
    if event.event_id in part.purchases:
        return Step(account)
    rules = {rule.id: rule for rule in world.brand.rewards}
    purchase = Purchase(
        event.occurred_at,
        event.currency,
        event.amount_micros or 0,
        postings=tuple(
            Posting(e.rule, e.rule_version, e.event_id, rules[e.rule].points, rules[e.rule].points_per_unit, e.points)
            for e in earned
        ),
    )
    bought = Part(_with(part, earned).posted, part.purchases | {event.event_id: purchase}, part.waiting)
    after, taken_back = _settle(account.having(own, bought))
    return Step(after, (*_earnings(earned, world), *_effects(taken_back)))


def _settle(account: Account) -> tuple[Account, tuple[RewardPosted, ...]]:
    """Takes back what waited and has found its sale."""
    entries: tuple[RewardPosted, ...] = ()
    for back in account.waiting:
        account, more = _take_back(account, back)
        entries += more
    return account, entries


def _take_back(account: Account, back: Return) -> tuple[Account, tuple[RewardPosted, ...]]:
    """Reverses what ``back`` returns; without its sale the return waits for it."""
    mine, id = account.part(back.own), mark(back.event_id)
    others = tuple(waiting for waiting in mine.waiting if waiting.event_id != back.event_id)
    if id in mine.posted or account.has_taken(id):
        return account.having(back.own, Part({id: 0} | mine.posted, mine.purchases, others)), ()
    found = _sale_of(account, back)
    if found is None:
        if len(others) < len(mine.waiting):
            return account, ()
        return account.having(back.own, Part(mine.posted, mine.purchases, (*others, back))), ()
    seller, sale_id, purchase = found
    returned = min(purchase.amount_micros, purchase.returned_micros + back.amount_micros)
    left = {posting.rule: _points_left(posting, purchase.amount_micros - returned) for posting in purchase.postings}
    entries = tuple(
        _reversal(back, seller, posting, left[posting.rule] - posting.points)
        for posting in purchase.postings
        if left[posting.rule] < posting.points
    )
    postings = tuple(msgspec.structs.replace(posting, points=left[posting.rule]) for posting in purchase.postings)
    less = msgspec.structs.replace(
        purchase, returned_micros=returned, postings=postings, returns=(*purchase.returns, id)
    )
    sold = _with(account.part(seller), entries)
    account = account.having(seller, Part(sold.posted, sold.purchases | {sale_id: less}, sold.waiting))
    mine = account.part(back.own)
    return account.having(back.own, Part(mine.posted | {id: 0}, mine.purchases, others)), entries


def _points_left(posting: Posting, kept_micros: int) -> int:
    """Points that the money which stays still earns, by the terms of its sale whatever the rule says by now. Fixed
    points stay until everything is returned."""
    return posting.fixed + posting.per_unit * (kept_micros // MICROS) if kept_micros else 0


def _sale_of(account: Account, back: Return) -> tuple[str, str, Purchase] | None:
    """The sale that a return names, if it was paid in the same currency; without a name the latest one before it that
    still has as much to give back. With the own person who bought."""
    if back.sale_event_id:
        for own, part in account.parts.items():
            named = part.purchases.get(back.sale_event_id)
            if named is not None and named.currency == back.currency:
                return own, back.sale_event_id, named
        return None
    open_sales = (
        (own, sale_id, purchase)
        for own, part in account.parts.items()
        for sale_id, purchase in part.purchases.items()
        if purchase.occurred_at <= back.occurred_at
        and purchase.currency == back.currency
        and purchase.amount_micros - purchase.returned_micros >= back.amount_micros
    )
    return max(open_sales, key=lambda sale: (sale[2].occurred_at, sale[1]), default=None)


def _return_of(event: TouchpointIdentified, own: str) -> Return:
    return Return(
        event.event_id,
        event.person_id,
        own,
        event.occurred_at,
        event.related_event_id,
        event.currency,
        event.amount_micros or 0,
    )


def _with(part: Part, entries: Iterable[RewardPosted]) -> Part:
    posted = part.posted | {_mark(e.rule, e.source_event_id): e.points for e in entries}
    return Part(posted, part.purchases, part.waiting)


def _effects(entries: Iterable[RewardPosted]) -> tuple[Emit, ...]:
    return tuple(Emit(entry) for entry in entries)


def _earnings(entries: Iterable[RewardPosted], world: World) -> tuple[Emit, ...]:
    """Who had bought how often may change with the order between topics, where the bare event does not."""
    by_purchases = {rule.id for rule in world.brand.rewards if rule.purchases_at_least is not None}
    return tuple(Emit(entry, sealed=entry.rule in by_purchases) for entry in entries)


def _mark(rule: str, source_event_id: str) -> int:
    return mark(f"{rule}\x1f{source_event_id}")


def _entry(event: TouchpointIdentified, own: str, rule: Reward, points: int) -> RewardPosted:
    return RewardPosted(
        event_id=derived("reward", rule.id, own, event.event_id),
        occurred_at=event.occurred_at,
        person_id=event.person_id,
        kind=EARNED,
        points=points,
        rule=rule.id,
        rule_version=rule.version,
        source_event_id=event.event_id,
        own_person_id=own,
    )


def _reversal(back: Return, seller: str, posting: Posting, points: int) -> RewardPosted:
    return RewardPosted(
        event_id=derived("reward", posting.rule, back.own, back.event_id),
        occurred_at=back.occurred_at,
        person_id=back.person_id,
        kind=REVERSED,
        points=points,
        rule=posting.rule,
        rule_version=posting.version,
        source_event_id=back.event_id,
        reverses_event_id=posting.entry_id,
        own_person_id=seller,
    )


PROCESSOR = Processor(
    name="rewards",
    sources=(TOUCHPOINT_IDENTIFIED, IDENTITY_CHANGED, STATE_MOVED),
    state=Account,
    step=step,
    merge=merge,
    erase=erase,
    by_person=True,
    split=split,
    linger_ms=300,
)
