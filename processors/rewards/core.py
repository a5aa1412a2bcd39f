"""Rewards: reads touchpoint-identified, writes reward-posted, keyed by person id.

The ledger is append-only and unique per rule, person and source event, whatever is replayed. A return reverses what its
sale earned, in proportion to the money that went back, and leaves no residue when all of it did.
"""

from collections.abc import Iterable

import msgspec

from processors.rewards.state import Account, Posting, Purchase, Return
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
    if event.type == kinds.RETURN:
        after, entries = _take_back(account or Account(), _return_of(event))
        return Step(after, _effects(entries))
    earned = tuple(_earned(account or Account(), event, world))
    if event.type != kinds.SALE:
        return Step(_with(account, earned) if earned else account, _effects(earned))
    return _buy(account or Account(), event, earned, world)


def merge(winner: Account | None, loser: Account) -> Step[Account]:
    """The union of two accounts: the balance is the sum, entries that both have count once, and a return that waited
    in one of them for a sale in the other takes it back."""
    if winner is None:
        return Step(loser)
    after, entries = _settle(
        Account(
            posted=loser.posted | winner.posted,
            purchases={
                sale_id: max((a.purchases[sale_id] for a in (winner, loser) if sale_id in a.purchases), key=_returned)
                for sale_id in (*winner.purchases, *(id for id in loser.purchases if id not in winner.purchases))
            },
            waiting=tuple(dict.fromkeys((*winner.waiting, *loser.waiting))),
        )
    )
    return Step(after, _effects(entries))


def erase(account: Account) -> tuple[Effect, ...]:
    """The ledger's entries stay with the store, which forgets the person behind them; no posting is owed."""
    return ()


def _earned(account: Account, event: TouchpointIdentified, world: World) -> Iterable[RewardPosted]:
    for rule in world.brand.rewards:
        points = _points(rule, event)
        if points and _mark(rule.id, event.event_id) not in account.posted:
            yield _entry(event, rule, points)


def _points(rule: Reward, event: TouchpointIdentified) -> int:
    if event.type not in rule.on or (rule.placements and event.placement not in rule.placements):
        return 0
    return rule.points + rule.points_per_unit * ((event.amount_micros or 0) // MICROS)


def _buy(
    account: Account, event: TouchpointIdentified, earned: tuple[RewardPosted, ...], world: World
) -> Step[Account]:
    if event.event_id in account.purchases:
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
    bought = msgspec.structs.replace(_with(account, earned), purchases=account.purchases | {event.event_id: purchase})
    after, taken_back = _settle(bought)
    return Step(after, _effects((*earned, *taken_back)))


def _settle(account: Account) -> tuple[Account, tuple[RewardPosted, ...]]:
    """Takes back what waited and has found its sale."""
    entries: tuple[RewardPosted, ...] = ()
    for back in account.waiting:
        account, more = _take_back(account, back)
        entries += more
    return account, entries


def _take_back(account: Account, back: Return) -> tuple[Account, tuple[RewardPosted, ...]]:
    """Reverses what ``back`` returns; without its sale the return waits for it."""
    others = tuple(waiting for waiting in account.waiting if waiting != back)
    if mark(back.event_id) in account.posted:
        return msgspec.structs.replace(account, waiting=others), ()
    sale_id = _sale_of(account, back)
    if sale_id is None:
        return account if back in account.waiting else msgspec.structs.replace(account, waiting=(*others, back)), ()
    purchase = account.purchases[sale_id]
    returned = min(purchase.amount_micros, purchase.returned_micros + back.amount_micros)
    left = {posting.rule: _points_left(posting, purchase.amount_micros - returned) for posting in purchase.postings}
    entries = tuple(
        _reversal(back, posting, left[posting.rule] - posting.points)
        for posting in purchase.postings
        if left[posting.rule] < posting.points
    )
    postings = tuple(msgspec.structs.replace(posting, points=left[posting.rule]) for posting in purchase.postings)
    after = _with(account, entries)
    return msgspec.structs.replace(
        after,
        # A return is remembered by its own mark, worth nothing, so that it takes back once however often it is
        # replayed.
        posted=after.posted | {mark(back.event_id): 0},
        purchases=account.purchases
        | {sale_id: msgspec.structs.replace(purchase, returned_micros=returned, postings=postings)},
        waiting=others,
    ), entries


def _points_left(posting: Posting, kept_micros: int) -> int:
    """Points that the money which stays still earns, by the terms of its sale whatever the rule says by now. Fixed
    points stay until everything is returned."""
    return posting.fixed + posting.per_unit * (kept_micros // MICROS) if kept_micros else 0


def _sale_of(account: Account, back: Return) -> str | None:
    """The sale that a return names, if it was paid in the same currency; without a name the latest one before it that
    still has as much to give back."""
    if back.sale_event_id:
        named = account.purchases.get(back.sale_event_id)
        return back.sale_event_id if named is not None and named.currency == back.currency else None
    open_sales = [
        (purchase.occurred_at, sale_id)
        for sale_id, purchase in account.purchases.items()
        if purchase.occurred_at <= back.occurred_at
        and purchase.currency == back.currency
        and purchase.amount_micros - purchase.returned_micros >= back.amount_micros
    ]
    return max(open_sales)[1] if open_sales else None


def _returned(purchase: Purchase) -> int:
    return purchase.returned_micros


def _return_of(event: TouchpointIdentified) -> Return:
    return Return(
        event.event_id,
        event.person_id,
        event.occurred_at,
        event.related_event_id,
        event.currency,
        event.amount_micros or 0,
    )


def _with(account: Account | None, entries: Iterable[RewardPosted]) -> Account:
    account = account or Account()
    return msgspec.structs.replace(
        account, posted=account.posted | {_mark(e.rule, e.source_event_id): e.points for e in entries}
    )


def _effects(entries: Iterable[RewardPosted]) -> tuple[Emit, ...]:
    return tuple(Emit(entry) for entry in entries)


def _mark(rule: str, source_event_id: str) -> int:
    return mark(f"{rule}\x1f{source_event_id}")


def _entry(event: TouchpointIdentified, rule: Reward, points: int) -> RewardPosted:
    return RewardPosted(
        event_id=derived("reward", rule.id, event.person_id, event.event_id),
        occurred_at=event.occurred_at,
        person_id=event.person_id,
        kind=EARNED,
        points=points,
        rule=rule.id,
        rule_version=rule.version,
        source_event_id=event.event_id,
    )


def _reversal(back: Return, posting: Posting, points: int) -> RewardPosted:
    return RewardPosted(
        event_id=derived("reward", posting.rule, back.person_id, back.event_id),
        occurred_at=back.occurred_at,
        person_id=back.person_id,
        kind=REVERSED,
        points=points,
        rule=posting.rule,
        rule_version=posting.version,
        source_event_id=back.event_id,
        reverses_event_id=posting.entry_id,
    )


PROCESSOR = Processor(
    name="rewards",
    sources=(TOUCHPOINT_IDENTIFIED, IDENTITY_CHANGED, STATE_MOVED),
    state=Account,
    step=step,
    merge=merge,
    erase=erase,
    by_person=True,
    linger_ms=300,
)
