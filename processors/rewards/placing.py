"""Lots for entries of referrals, which are posted without knowing lots: here they get theirs."""

from collections.abc import Iterable

import msgspec

from processors.rewards.ledger import EARNED, lots_of
from processors.rewards.lots import NEVER, NO_LOT, lot_name, terms, with_lot
from processors.rewards.state import Account
from processors.step import Effect, Emit, Step
from schemas.brand.model import Brand
from schemas.events import RewardPosted


def placed(account: Account, effects: Iterable[Effect], brand: Brand | None) -> Step[Account]:
    """The account with the points of these entries in lots, and the effects with entries that name them. What is
    reversed is owed, and paid from what expires first.

    :param effects: of entries that the account has, and no lot. :param brand: None: the points never expire.
    """
    after = list[Effect]()
    for effect in effects:
        if not isinstance(effect, Emit) or not isinstance(entry := effect.event, RewardPosted) or not entry.points:
            after.append(effect)
            continue
        profile, expires_at = entry.source_profile_id, NEVER
        if entry.kind == EARNED and entry.points > 0 and brand is not None:
            _, expires_at = terms(None, entry.occurred_at, brand)
        part = account.part(profile)
        lots = lots_of(part)
        if expires_at != NEVER:
            lots = with_lot(lots, NEVER, msgspec.structs.replace(lots[NEVER], left=lots[NEVER].left - entry.points))
            below_zero = brand is not None and brand.points is not None and brand.points.below_zero
            lot = lots.get(expires_at, NO_LOT).earned(entry.points, 0, entry.occurred_at, below_zero)
            lots = with_lot(lots, expires_at, lot)
            entry = msgspec.structs.replace(entry, lot=lot_name(expires_at), expires_at=expires_at)
        if entry.points < 0:
            lot = lots.get(NEVER, NO_LOT)
            lots = with_lot(lots, NEVER, msgspec.structs.replace(lot, spent=lot.spent - entry.points))
        account = account.with_part(profile, msgspec.structs.replace(part, lots=lots))
        after.append(Emit(entry, effect.partition, effect.transactional))
    return Step(account, tuple(after))


def placed_after(before: tuple[Effect, ...], step: Step[Account], brand: Brand | None) -> Step[Account]:
    """A step whose entries have lots, also those that came after the effects of before."""
    if len(step.effects) == len(before) or step.state is None:
        return step
    further = placed(step.state, step.effects[len(before) :], brand)
    return Step(further.state, (*before, *further.effects))
