"""What returns take back of a sale's points, and give back when they are booked elsewhere: the difference between what
the sale has now and what was posted for it."""

from collections.abc import Iterator

import msgspec

from processors.purchases import Return, Sale, reconciled
from processors.rewards.state import Account, AccountPart, Origin, Posting
from processors.step import Emit
from schemas.events import RewardPosted
from schemas.ids import derived, hash64

REVERSED = "reversed"
MICROS = 1_000_000


def reconcile(account: Account) -> tuple[Account, tuple[Emit, ...]]:
    """Books the returns on their sales, and posts the difference that this makes."""
    histories = reconciled(account.histories)
    changed = {profile: part for profile, part in account.parts.items() if histories[profile] is not part.history}
    after, effects = account, list[Emit]()
    for profile, part in changed.items():
        after = after.with_part(profile, msgspec.structs.replace(part, history=histories[profile]))
    for profile, part in changed.items():
        for id, before in part.history.sales.items():
            if (now := histories[profile].sales[id]) is not before and id in part.postings:
                part_now, entries = _reverse(account, after.part(profile), profile, id, before, now)
                after = after.with_part(profile, part_now)
                # What a return is booked on may change with the order between topics.
                effects += (Emit(entry, transactional=True) for entry in entries)
    return after, tuple(effects)


def points_for(fixed: int, per_unit: int, micros: int) -> int:
    """Points of so much money: ``fixed`` ones for any, and those of each whole unit; of none there are none. A receipt
    that paid out more than it took costs the points of what it paid out."""
    units = abs(micros) // MICROS
    return fixed + per_unit * units if micros > 0 else -per_unit * units


def entry_key(*what: str) -> int:
    """What makes an entry unique, in 64 bits."""
    return hash64("\x1f".join(what))


def _reverse(
    account: Account, part: AccountPart, seller: str, id: int, before: Sale, now: Sale
) -> tuple[AccountPart, list[RewardPosted]]:
    """Posts, return by return, what the changed bookings of a sale change in its points; last what is due to returns
    that have left with their person."""
    postings = {posting.rule: posting for posting in part.postings[id]}
    left, posted, entries = before.left_micros, dict(part.posted), []
    steps: list[tuple[Return | None, Origin | None, int]] = []
    for back_id, back, origin in _changed(account, before, now):
        left += before.booked.get(back_id, 0) - now.booked.get(back_id, 0)
        steps.append((back, origin, left))
    steps.append((None, None, now.left_micros))
    for cause, origin, left in steps:
        for posting in tuple(postings.values()):
            difference = points_for(posting.fixed, posting.per_unit, left) - posting.points
            if not difference or not before.micros:
                continue
            key, entry = _entry(part.posted | posted, seller, posting, difference, cause, origin, now)
            posted[key] = difference
            entries.append(entry)
            postings[posting.rule] = msgspec.structs.replace(
                posting, points=posting.points + difference, reversals=posting.reversals + 1
            )
    after = msgspec.structs.replace(part, posted=posted, postings=part.postings | {id: tuple(postings.values())})
    return after, entries


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


def _entry(
    posted: dict[int, int],
    seller: str,
    posting: Posting,
    points: int,
    back: Return | None,
    origin: Origin | None,
    sale: Sale,
) -> tuple[int, RewardPosted]:
    """An entry and its key. The first one of a return that names its sale has the return's id alone; others count, as
    bookings are divided and move."""
    source = origin.event_id if origin is not None else posting.source_event_id
    what: tuple[str, ...] = (posting.rule, source)
    if back is None or not back.sale or entry_key(*what) in posted:
        what = (*what, posting.entry_id, str(posting.reversals))
    entry = RewardPosted(
        event_id=derived("reward", posting.rule, seller, *what[1:]),
        occurred_at=back.occurred_at if back is not None else sale.occurred_at,
        person_id=posting.person_id or seller,
        kind=REVERSED,
        points=points,
        rule=posting.rule,
        rule_version=posting.version,
        source_event_id=source,
        reverses_event_id=posting.entry_id,
        source_profile_id=seller,
    )
    return entry_key(*what), entry
