"""What is earned without an event: on the anniversary of a person's first one, and before points expire.

A timer knows no brand, so an account remembers what it may have to wake for: the first events of the kinds that rules
ask for, and how many days before an expiry they ask. What is earned before points expire expires with them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import msgspec

from processors.consents import agrees_at
from processors.parts import source_profile_of
from processors.reference import Reference
from processors.rewards.compiled import candidates
from processors.rewards.counters import Counters
from processors.rewards.late_consent import may_keep
from processors.rewards.ledger import EARNED, entry_key, with_earned
from processors.rewards.lots import DAY_US, lot_name, terms
from processors.rewards.state import Account
from processors.step import Effect, Emit
from schemas.brand.model import Reward
from schemas.events import RewardPosted, TouchpointIdentified
from schemas.ids import derived

MOST_YEARS: Final = 100
replace = msgspec.structs.replace


class Waits(msgspec.Struct, frozen=True, gc=False):
    """What the rules of a brand wait for: kinds of first events, and days before an expiry."""

    kinds: frozenset[str]
    days: frozenset[int]


def with_dates(account: Account, event: TouchpointIdentified, reference: Reference) -> Account:
    """The account with what it may have to wake for; the same object, and cheap, for nearly all events."""
    waits = _waits(reference)
    if not (waits.kinds or waits.days):
        return account
    profile = source_profile_of(event)
    part = account.part(profile)
    firsts, near = part.counters.firsts, part.counters.near
    first = {
        kind: (event.occurred_at, firsts.get(kind, (0, 0))[1])
        for kind in ("", event.type)
        if kind in waits.kinds and (kind not in firsts or event.occurred_at < firsts[kind][0])
    }
    further = dict.fromkeys(sorted(waits.days - near.keys()), 0) if part.lots else {}
    if not (first or further) or not may_keep(account, event, reference):
        return account
    counters = replace(part.counters, firsts=firsts | first, near=near | further)
    return account.with_part(profile, replace(part, counters=counters))


def _waits(reference: Reference) -> Waits:
    found: Waits | None = reference.memo.get("waits")
    if found is None:
        rules = [one.rule for one in candidates(reference) if not one.rule.is_past]
        found = reference.memo["waits"] = Waits(
            frozenset(rule.anniversary.of for rule in rules if rule.anniversary is not None),
            frozenset(rule.expiring_days for rule in rules if rule.expiring_days is not None),
        )
    return found


def wakes(account: Account) -> int | None:
    """When the next anniversary is, or points expire soon."""
    earliest: int | None = None
    dated = False
    for part in account.parts.values():  # called for each state that changed: nearly all have neither
        dated = dated or bool(part.counters.firsts)
        for days, done in part.counters.near.items():
            for expires_at, lot in part.lots.items():
                if expires_at > done and lot.left > 0:
                    at = expires_at - days * DAY_US
                    earliest = at if earliest is None or at < earliest else earliest
                    break
    if not dated:
        return earliest
    years = [at for at, *_ in _anniversaries(account)]
    return min(years if earliest is None else [*years, earliest], default=None)


def due(account: Account, at: int, reference: Reference) -> tuple[Account, tuple[Effect, ...]]:
    """The account once what is due by then is posted."""
    effects = list[Effect]()
    while (next_one := min((one for one in _anniversaries(account) if one[0] <= at), default=None)) is not None:
        moment, kind, profile, year = next_one
        for rule in _rules(at, reference):
            if rule.anniversary is not None and rule.anniversary.of == kind and year <= rule.anniversary.years:
                ends = terms(rule, moment, reference.brand)
                account, posted = _posted(account, profile, rule, moment, f"anniversary/{year}", ends, reference)
                effects += posted
        counters = account.part(profile).counters
        firsts = counters.firsts | {kind: (counters.firsts[kind][0], year)}
        account = _with_counters(account, profile, replace(counters, firsts=firsts))
    while (near := next((one for one in _expiries(account) if one[2] - one[1] * DAY_US <= at), None)) is not None:
        profile, days, expires_at = near
        for rule in _rules(at, reference):
            if rule.expiring_days == days:
                moment, cause = expires_at - days * DAY_US, f"expiring/{expires_at}"
                account, posted = _posted(account, profile, rule, moment, cause, (0, expires_at), reference)
                effects += posted
        counters = account.part(profile).counters
        account = _with_counters(account, profile, replace(counters, near=counters.near | {days: expires_at}))
    return account, tuple(effects)


def _with_counters(account: Account, profile: str, counters: Counters) -> Account:
    return account.with_part(profile, replace(account.part(profile), counters=counters))


def _anniversaries(account: Account) -> Iterator[tuple[int, str, str, int]]:
    """The next of each kind: when, which kind, whose first event, which year. Years count for the whole person."""
    found = dict[str, tuple[int, str]]()
    done = dict[str, int]()
    for profile, part in account.parts.items():
        for kind, (first, years) in part.counters.firsts.items():
            found[kind] = min(found.get(kind, (first, profile)), (first, profile))
            done[kind] = max(done.get(kind, 0), years)
    for kind, (first, profile) in found.items():
        if done[kind] < MOST_YEARS and (at := _years_after(first, done[kind] + 1)) is not None:
            yield at, kind, profile, done[kind] + 1


@lru_cache(4096)
def _years_after(at: int, years: int) -> int | None:
    """The same time so many years later; of 29 February that of the 28th. None: beyond the years that clocks have."""
    moment = datetime.fromtimestamp(at // 1_000_000, UTC)
    year = moment.year + years
    if year > 9000:
        return None
    is_leap_day = (moment.month, moment.day) == (2, 29)
    later = moment.replace(year=year, day=28 if is_leap_day else moment.day)
    return int(later.timestamp()) * 1_000_000


def _expiries(account: Account) -> Iterator[tuple[str, int, int]]:
    """Lots of which something is left and that nobody was told of: whose, how many days before, when they expire."""
    for profile, part in account.parts.items():
        for days, done in part.counters.near.items():
            for expires_at, lot in part.lots.items():
                if expires_at > done and lot.left > 0:
                    yield profile, days, expires_at
                    break


def _rules(at: int, reference: Reference) -> Iterator[Reward]:
    return (one.rule for one in candidates(reference) if one.rule.by_timer and one.since <= at < one.until)


def _posted(
    account: Account,
    profile: str,
    rule: Reward,
    at: int,
    cause: str,
    ends: tuple[int, int],
    reference: Reference,
) -> tuple[Account, list[Effect]]:
    """:param ends: from when the points can be spent, and when they expire."""
    key, active_at, expires_at = entry_key(rule.id, cause), *ends
    said = [part.consents for part in account.parts.values() if part.consents.says_something]
    if any(part.knows(key) for part in account.parts.values()) or not agrees_at(said, at, reference):
        return account, []
    entry = RewardPosted(
        event_id=derived("reward", rule.id, profile, cause),
        occurred_at=at,
        person_id=profile,
        kind=EARNED,
        points=rule.points,
        rule=rule.id,
        rule_version=rule.version,
        source_event_id="",
        source_profile_id=profile,
        lot=lot_name(expires_at),
        active_at=active_at,
        expires_at=expires_at,
    )
    part = with_earned(account.part(profile), {key: entry}, reference.brand)
    return account.with_part(profile, part), [Emit(entry, transactional=True)]
