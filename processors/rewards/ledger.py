"""What entries do to the lots of a person: whatever is posted goes through here.

Points are spent, and taken instead of those that are spent already, from what expires first, over all source profiles
of the person; each of them has entries of its own, which name the lot, so a split takes its own with it. A part's lots
sum up to its entries.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from processors.rewards.lots import ENDED_KEPT, NEVER, NO_LOT, Lot, Lots, first_end, lot_name, open_lots, with_lot
from processors.rewards.state import CLOSED, Account, AccountPart
from processors.step import Emit, Step
from schemas.brand.model import Brand
from schemas.events import RewardPosted
from schemas.ids import derived, hash64

EARNED, REVERSED, EXPIRED, REPAID = "earned", "reversed", "expired", "repaid"
LAST: Final = 2**63
"""After every time."""
replace = msgspec.structs.replace


class Posted(NamedTuple):
    """The account after an entry, and what was posted in its place: the part that could be, and what came from other
    lots. ``forgiven``: points that are not taken back although they should."""

    account: Account
    entries: tuple[RewardPosted, ...]
    forgiven: int


def entry_key(*what: str) -> int:
    """What makes an entry unique, in 64 bits."""
    return hash64("\x1f".join(what))


def lots_of(part: AccountPart) -> Lots:
    """The lots of a part, complete: what its entries have beyond them never expires."""
    uncovered = part.balance - sum(lot.left for lot in part.lots.values())
    if not uncovered:
        return part.lots
    lot = part.lots.get(NEVER, NO_LOT)
    return with_lot(part.lots, NEVER, replace(lot, left=lot.left + uncovered))


def with_earned(part: AccountPart, earned: Mapping[int, RewardPosted], brand: Brand) -> AccountPart:
    """The part with entries that earn points, by their keys."""
    lots, posted = part.lots, dict(part.posted)
    below_zero = brand.points is not None and brand.points.below_zero
    for key, entry in earned.items():
        posted[key] = entry.points
        lot = lots.get(entry.expires_at, NO_LOT)
        lot = lot.earned(entry.points, entry.active_at, entry.occurred_at, below_zero)
        lots = with_lot(lots, entry.expires_at, lot)
    return replace(part, posted=posted, lots=lots)


def posted_first(account: Account, profile: str, key: int, entry: RewardPosted) -> Account:
    """The account with an entry that is posted after all."""
    part = account.part(profile)
    lots = lots_of(part)
    lot = lots.get(entry.expires_at, NO_LOT)
    lot = lot.earned(entry.points, entry.active_at, entry.occurred_at, lot.below_zero)
    after = _with(part, key, entry.points, with_lot(lots, entry.expires_at, lot), part.ended)
    return account.with_part(profile, after)


def posted_further(account: Account, profile: str, key: int, entry: RewardPosted, forgiven: int) -> Posted:
    """The account with a change of what its entry was worth, such as by a return.

    Taken back is what is left of its lot. What of that has expired stays so. Instead of what is spent already other
    points are taken, and what there is not is owed, or forgiven where the brand lets nobody go below zero. Points that
    are given back were perhaps forgiven before. :param forgiven: so far, of the first entry.
    """
    part = account.part(profile)
    lots, ended, lot = _with_its_lot(part, entry)
    if entry.points >= 0:
        back = min(forgiven, entry.points)
        entry = replace(entry, points=entry.points - back, forgiven=-back)
        lots = with_lot(lots, entry.expires_at, lot.taken_back(-entry.points, entry.active_at))
        return Posted(account.with_part(profile, _with(part, key, entry.points, lots, ended)), (entry,), -back)
    own = min(-entry.points, max(0, lot.left))
    expired = min(-entry.points - own, lot.expired)
    # Below zero where points came back whose sale had gone back: none are spent then.
    spent = min(-entry.points - own - expired, max(0, lot.spent))
    # What was neither spent nor has expired is on its way: the lot is below zero until it arrives.
    own = -entry.points - expired - spent
    others = list(takings(account, spent, NEVER, but=(profile, entry.expires_at))) if spent else []
    short = spent - sum(taking.points for taking in others)
    owed = short if lot.below_zero else 0
    entry = replace(entry, forgiven=expired + short - owed)
    lot = replace(lot, expired=lot.expired - expired, spent=lot.spent - spent)
    if owed and entry.expires_at == NEVER:
        own, lot = own + owed, replace(lot, spent=lot.spent + owed)
    elif owed:
        others.append(Taking(profile, NEVER, owed))
    entry, lot = replace(entry, points=-own), lot.taken_back(own, entry.active_at)
    after = _with(part, key, -own, with_lot(lots, entry.expires_at, lot), ended)
    account, instead = _taken_instead(account.with_part(profile, after), entry, others)
    return Posted(account, (entry, *instead), entry.forgiven)


def _with_its_lot(part: AccountPart, entry: RewardPosted) -> tuple[Lots, Lots, Lot]:
    """The open and ended lots with that of the entry among the open ones: points that come back into one that has
    expired do so at once. Of a lot that is not remembered all has expired."""
    lots, ended = lots_of(part), part.ended
    if (lot := lots.get(entry.expires_at)) is not None:
        return lots, ended, lot
    if (lot := ended.get(entry.expires_at)) is None:
        is_over = entry.expires_at and entry.expires_at <= entry.occurred_at
        lot = Lot(expired=max(1, -entry.points)) if is_over else NO_LOT
    return lots, {at: one for at, one in ended.items() if at != entry.expires_at}, lot


def _taken_instead(
    account: Account, entry: RewardPosted, takings: Iterable["Taking"]
) -> tuple[Account, tuple[RewardPosted, ...]]:
    """Points of other lots that stand for those of the entry's lot, which are spent."""
    entries: list[RewardPosted] = []
    for taking in takings:
        own = entry.event_id, taking.profile, str(taking.expires_at)
        instead = replace(
            entry,
            event_id=derived("reward instead", *own),
            points=-taking.points,
            forgiven=0,
            source_profile_id=taking.profile,
            **named(taking.expires_at),
        )
        entries.append(instead)
        account = account.with_part(taking.profile, spent_of(account.part(taking.profile), instead, entry_key(*own)))
    return account, tuple(entries)


class Taking(NamedTuple):
    """Points of a lot."""

    profile: str
    expires_at: int
    points: int


def takings(account: Account, points: int, at: int, but: tuple[str, int] = ("", NEVER)) -> Iterator[Taking]:
    """Where so many points come from, as far as there are any: what expires first, the rest by source profile.

    :param at: only of what can be spent by then; ``NEVER``: whatever is there. :param but: not from this lot.
    """
    lots = [
        (expires_at or LAST, profile, lot.active(at) if at else lot.left)
        for profile, part in account.parts.items()
        for expires_at, lot in (open_lots(lots_of(part), at) if at else lots_of(part).items())
        if lot.left > 0 and (profile, expires_at) != but
    ]
    for expires_at, profile, left in sorted(lots):
        taken = min(points, left)
        if taken > 0:
            points -= taken
            yield Taking(profile, NEVER if expires_at == LAST else expires_at, taken)


def named(expires_at: int) -> dict[str, Any]:
    """The fields by which an entry names the lot that it moves."""
    return {"lot": lot_name(expires_at), "expires_at": expires_at, "active_at": 0}


def spendable(account: Account, at: int) -> int:
    """The points that can be spent at that time: those of open lots, without what is pending and what is owed."""
    lots = (lot for part in account.parts.values() for _, lot in open_lots(lots_of(part), at))
    return max(0, sum(lot.active(at) for lot in lots))


def spent_of(part: AccountPart, entry: RewardPosted, key: int) -> AccountPart:
    """The part with an entry that spends points of one lot, or gives them back. What comes back into a lot that has
    expired does so at once."""
    lots, ended, lot = _with_its_lot(part, entry)
    lots = with_lot(lots, entry.expires_at, lot.spend(-entry.points))
    return _with(part, key, entry.points, lots, ended)


def wakes(account: Account) -> int | None:
    """When the next points expire."""
    earliest: int | None = None
    for part in account.parts.values():
        if part.lots and (end := first_end(part.lots)) is not None and (earliest is None or end < earliest):
            earliest = end
    return earliest


def expire(account: Account, at: int) -> Step[Account]:
    """What expires by then does."""
    entries: list[RewardPosted] = []
    for profile, part in account.parts.items():
        over = {expires_at: lot for expires_at, lot in part.lots.items() if expires_at and expires_at <= at}
        if not over:
            continue
        posted, ended = dict(part.posted), dict(part.ended)
        for expires_at, lot in over.items():
            before = ended.get(expires_at, NO_LOT)
            if lot.left:
                # No key is kept of it, for a lot ends once; points that come back into it end it again.
                entries.append(
                    _of_lot(EXPIRED, profile, expires_at, expires_at, -lot.left, str(before.expired + lot.expired))
                )
                posted[CLOSED] = posted.get(CLOSED, 0) - lot.left
            end = Lot(0, {}, lot.spent, lot.expired + lot.left, lot.below_zero)
            ended[expires_at] = end.joined(before)
        kept = {expires_at: lot for expires_at, lot in part.lots.items() if expires_at not in over}
        ended = dict(sorted(ended.items())[-ENDED_KEPT:])
        account = account.with_part(profile, replace(part, posted=posted, lots=kept, ended=ended))
    return Step(account, tuple(Emit(entry, transactional=True) for entry in entries))


def owes(account: Account) -> bool:
    """Whether the person owes points that were spent: the lot that never expires is below zero."""
    return any(_owed(part.lots.get(NEVER, NO_LOT)) for part in account.parts.values())


def _owed(lot: Lot) -> int:
    return max(0, min(-lot.left, lot.spent))


def repaid(account: Account, at: int, cause: str) -> Step[Account]:
    """What is owed is paid with the points that expire first. :param cause: what brought the points, or the debt."""
    entries: list[RewardPosted] = []
    debts = [(profile, _owed(lots_of(part).get(NEVER, NO_LOT))) for profile, part in account.parts.items()]
    for debtor, owed in sorted(debts):  # parts are in the order in which they came, which no entry may tell
        for taking in list(takings(account, owed, NEVER)) if owed else ():
            moves = (taking.profile, taking.expires_at, -taking.points), (debtor, NEVER, taking.points)
            for profile, expires_at, points in moves:
                own = f"{cause}/{debtor}/{taking.profile}/{taking.expires_at}/{'+' if points > 0 else '-'}"
                part = account.part(profile)
                lots = lots_of(part)
                lots = with_lot(lots, expires_at, lots[expires_at].spend(-points))
                after = _with(part, entry_key(REPAID, own), points, lots, part.ended)
                account = account.with_part(profile, after)
                entries.append(_of_lot(REPAID, profile, at, expires_at, points, own))
    return Step(account, tuple(Emit(entry, transactional=True) for entry in entries))


def _of_lot(kind: str, profile: str, at: int, expires_at: int, points: int, cause: str) -> RewardPosted:
    """An entry of the account itself. Whose the points are by now nobody but the shell knows: readers resolve people by
    source profile."""
    return RewardPosted(
        event_id=derived("reward", kind, profile, str(expires_at), cause),
        occurred_at=at,
        person_id=profile,
        kind=kind,
        points=points,
        rule="",
        rule_version=0,
        source_event_id="",
        source_profile_id=profile,
        lot=lot_name(expires_at),
        expires_at=expires_at,
    )


def _with(part: AccountPart, key: int, points: int, lots: Lots, ended: Lots) -> AccountPart:
    return replace(part, posted=part.posted | {key: points}, lots=lots, ended=ended)
