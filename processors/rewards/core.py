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
        return _take_back(account or Account(), _return_of(event), event, world)
    earned = tuple(_earned(account or Account(), event, world))
    if event.type != kinds.SALE:
        return Step(_with(account, earned) if earned else account, _effects(earned))
    return _buy(account or Account(), event, earned, world)


def merge(winner: Account | None, loser: Account) -> Account:
    """The union of two accounts: the balance is the sum, entries that both have count once."""
    if winner is None:
        return loser
    return Account(
        posted=loser.posted | winner.posted,
        purchases=loser.purchases | winner.purchases,
        waiting=tuple(dict.fromkeys((*winner.waiting, *loser.waiting))),
    )


def erase(account: Account) -> tuple[Effect, ...]:
    """The ledger's entries stay with the store, which forgets the person behind them; no posting is owed."""
    return ()


def _earned(account: Account, event: TouchpointIdentified, world: World) -> Iterable[RewardPosted]:
    for rule in world.brand.rewards:
        points = _points(rule, event)
        if points and _mark(rule.id, event.event_id) not in account.posted:
            yield _entry(event, rule.id, rule.version, EARNED, points)


def _points(rule: Reward, event: TouchpointIdentified) -> int:
    if event.type not in rule.on or (rule.placements and event.placement not in rule.placements):
        return 0
    return rule.points + rule.points_per_unit * ((event.amount_micros or 0) // MICROS)


def _buy(account: Account, event: TouchpointIdentified, earned: tuple[RewardPosted, ...], world: World) -> Step[Account]:
    if event.event_id in account.purchases:
        return Step(account)
    purchase = Purchase(
        event.occurred_at, event.currency, event.amount_micros or 0,
        postings=tuple(Posting(e.rule, e.event_id, e.points) for e in earned),
    )
    bought = msgspec.structs.replace(
        _with(account, earned), purchases=account.purchases | {event.event_id: purchase}
    )
    step = Step(bought, _effects(earned))
    for late in account.waiting:
        if late.sale_event_id in ("", event.event_id) and late.occurred_at >= event.occurred_at and step.state is not None:
            rest = tuple(r for r in step.state.waiting if r != late)
            after = _take_back(msgspec.structs.replace(step.state, waiting=rest), late, event, world)
            step = Step(after.state, (*step.effects, *after.effects))
    return step


def _take_back(account: Account, back: Return, event: TouchpointIdentified, world: World) -> Step[Account]:
    """Reverses what ``back`` returns; without its sale the return waits for it."""
    if mark(back.event_id) in account.posted:
        return Step(account)
    sale_id = _sale_of(account, back)
    if sale_id is None:
        waiting = account.waiting if back in account.waiting else (*account.waiting, back)
        return Step(msgspec.structs.replace(account, waiting=waiting))
    purchase = account.purchases[sale_id]
    returned = min(purchase.amount_micros, purchase.returned_micros + back.amount_micros)
    rules = {rule.id: rule for rule in world.brand.rewards}
    entries, postings = [], []
    for posting in purchase.postings:
        stays = _points_left(rules.get(posting.rule), posting, purchase.amount_micros - returned)
        if stays < posting.points:
            version = rules[posting.rule].version if posting.rule in rules else 0
            entries.append(_entry(
                event, posting.rule, version, REVERSED, stays - posting.points,
                source_event_id=back.event_id, occurred_at=back.occurred_at, reverses=posting.entry_id,
            ))
        postings.append(Posting(posting.rule, posting.entry_id, stays))
    after = msgspec.structs.replace(
        _with(account, entries),
        purchases=account.purchases | {
            sale_id: msgspec.structs.replace(purchase, returned_micros=returned, postings=tuple(postings))
        },
    )
    # A return is remembered by its own mark, worth nothing, so that it takes back once however often it is replayed.
    return Step(msgspec.structs.replace(after, posted=after.posted | {mark(back.event_id): 0}), _effects(entries))


def _points_left(rule: Reward | None, posting: Posting, kept_micros: int) -> int:
    """Points that the money which stays still earns. Fixed points stay until everything is returned; so do those of a rule
    that is gone."""
    if kept_micros == 0:
        return 0
    if rule is None or not rule.points_per_unit:
        return posting.points
    return min(posting.points, rule.points + rule.points_per_unit * (kept_micros // MICROS))


def _sale_of(account: Account, back: Return) -> str | None:
    """The sale that a return names; without a name the latest one before it that still has as much to give back."""
    if back.sale_event_id:
        return back.sale_event_id if back.sale_event_id in account.purchases else None
    open_sales = [
        (purchase.occurred_at, sale_id) for sale_id, purchase in account.purchases.items()
        if purchase.occurred_at <= back.occurred_at and purchase.currency == back.currency
        and purchase.amount_micros - purchase.returned_micros >= back.amount_micros
    ]
    return max(open_sales)[1] if open_sales else None


def _return_of(event: TouchpointIdentified) -> Return:
    return Return(event.event_id, event.occurred_at, event.related_event_id, event.currency, event.amount_micros or 0)


def _with(account: Account | None, entries: Iterable[RewardPosted]) -> Account:
    account = account or Account()
    return msgspec.structs.replace(
        account, posted=account.posted | {_mark(e.rule, e.source_event_id): e.points for e in entries}
    )


def _effects(entries: Iterable[RewardPosted]) -> tuple[Emit, ...]:
    return tuple(Emit(entry) for entry in entries)


def _mark(rule: str, source_event_id: str) -> int:
    return mark(f"{rule}\x1f{source_event_id}")


def _entry(
    event: TouchpointIdentified, rule: str, version: int, kind: str, points: int, *,
    source_event_id: str = "", occurred_at: int | None = None, reverses: str = "",
) -> RewardPosted:
    source = source_event_id or event.event_id
    return RewardPosted(
        event_id=derived("reward", rule, event.person_id, source),
        occurred_at=event.occurred_at if occurred_at is None else occurred_at,
        person_id=event.person_id,
        kind=kind,
        points=points,
        rule=rule,
        rule_version=version,
        source_event_id=source,
        reverses_event_id=reverses,
    )


PROCESSOR = Processor(
    name="rewards", sources=(TOUCHPOINT_IDENTIFIED, IDENTITY_CHANGED, STATE_MOVED), state=Account, step=step, merge=merge,
    erase=erase, by_person=True,
)
