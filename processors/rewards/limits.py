"""How often a person may earn a rule: once, at milestones, for streaks, within caps.

All of it is a function of what the parts of the person's account have counted, so it does not matter in which order
events came, nor under which of the person's identifiers.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from processors.reference import Reference
from processors.rewards.counters import BEFORE, Days, Grant, RuleCount, Tally
from processors.rewards.ledger import entry_key
from processors.rewards.state import Account, AccountPart
from schemas.brand.model import Reward
from schemas.brand.reward_terms import Streak
from schemas.ids import hash64

DAY_S: Final = 86_400
MONDAY: Final = 3
"""1 January 1970 was a Thursday: day 0 is this many days after a Monday."""
NOTHING: Final = RuleCount()


def counts(rule: Reward) -> bool:
    """Whether a rule asks how often."""
    return rule.once or rule.streak is not None or rule.milestone is not None or rule.caps.is_set


def zone_of(reference: Reference) -> str:
    """The brand's own clock."""
    zone: str = reference.memo.get("zone", "")
    if not zone:
        points = reference.brand.points
        zone = reference.memo["zone"] = points.zone if points is not None else "UTC"
    return zone


def local_day(at: int, store: str, reference: Reference) -> int:
    """The day on the clock of the store, by default on the brand's, since 1970. :param at: microseconds."""
    known = reference.brand.stores.get(store)
    return _day(at // 1_000_000 // 900, known.time_zone if known is not None else zone_of(reference))


@lru_cache(4096)
def _day(quarter: int, zone: str) -> int:
    """Clocks differ by quarters of an hour, so that a day begins with one."""
    moment = datetime.fromtimestamp(quarter * 900, ZoneInfo(zone))
    return (moment.replace(tzinfo=UTC).date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days


def week_of(day: int) -> int:
    """The week of a day, from Monday on."""
    return (day + MONDAY) // 7


def counts_of(account: Account, rule_id: str) -> list[tuple[AccountPart, RuleCount]]:
    """What the parts counted of a rule."""
    return [(part, count) for part in account.parts.values() if (count := part.counters.rules.get(rule_id)) is not None]


def is_due(rule: Reward, account: Account, day: int) -> bool:
    """Whether the person may earn the rule for an event on this day of the store's clock."""
    found = counts_of(account, rule.id)
    tallies = [(part, count.tally) for part, count in found]
    most = most_of(rule, (*(count.days for _, count in found), Days().with_day(day)))
    if most is not None and times(tallies) >= most:
        return False
    caps = rule.caps
    if caps.ever is not None and times(tallies) >= caps.ever:
        return False
    if caps.day is not None and times(tallies, day, day + 1) >= caps.day:
        return False
    if caps.week is None:
        return True
    monday = day - (day + MONDAY) % 7
    return times(tallies, monday, monday + 7) < caps.week


def most_of(rule: Reward, days: Iterable[Days]) -> int | None:
    """How often a rule can be earned on these days in all; None: its days do not limit it."""
    if rule.once:
        return 1
    if rule.milestone is not None:
        reached = _union(days)[1].bit_count() // rule.milestone.visits
        return reached if rule.milestone.repeat else min(1, reached)
    if rule.streak is None:
        return None
    first, bits = _union(days)
    return streaks(rule.streak, first, bits)


def _union(days: Iterable[Days]) -> tuple[int, int]:
    """The days of all as one number, whose lowest bit is the first day."""
    known = [one for one in days if one.bits]
    first, bits = min((one.first for one in known), default=0), 0
    for one in known:
        bits |= one.bitmap(first)
    return first, bits


def streaks(streak: Streak, first: int, bits: int) -> int:
    """How many streaks the days make, of which none has a day of another; one at most where it does not repeat. A
    further day never makes it fewer."""
    units, found = _units(streak, first, bits), 0
    latest = list[int]()
    for unit in units:
        latest.append(unit)
        if len(latest) >= streak.length and unit - latest[-streak.length] < streak.length + streak.grace:
            found += 1
            if not streak.repeat:
                return found
            latest.clear()
    return found


def _units(streak: Streak, first: int, bits: int) -> Iterator[int]:
    last, at = None, first
    while bits:
        skip = (bits & -bits).bit_length() - 1
        at, bits = at + skip, bits >> skip
        unit = at if streak.every == "day" else week_of(at)
        if unit != last:
            yield unit
        last, at, bits = unit, at + 1, bits >> 1


def times(tallies: Iterable[tuple[AccountPart, Tally]], since: int = BEFORE, until: int | None = None) -> int:
    """How often it was earned from a day on until before another one; of days so long ago that their sum alone is
    known, all count."""
    found = 0
    for part, tally in tallies:
        for key, grant in tally.grants.items():
            if since <= grant.day and (until is None or grant.day < until) and is_kept(part, key, grant):
                found += 1
        for day, (count, _) in tally.sums.items():
            within = since <= day and (until is None or day < until)
            if within or (day == BEFORE and since < tally.since):
                found += count
    return found


def is_kept(part: AccountPart, key: int, grant: Grant) -> bool:
    """Whether a grant counts: its person agrees to it, and it is not beyond a cap."""
    return not grant.over & 1 and _is_agreed(part, key, grant)


def _is_agreed(part: AccountPart, key: int, grant: Grant) -> bool:
    if (offer := part.offers.get(key)) is not None:
        return not offer.refused
    postings = part.postings.get(hash64(grant.source_event_id), ()) if part.postings else ()
    return not any(one.refused and entry_key(one.rule, one.source_event_id) == key for one in postings)


def beyond(rule: Reward, account: Account) -> Mapping[tuple[str, int], bool]:
    """Of all grants of a rule that are known one by one, by source profile and key: whether they are more than the
    person may have. The earlier ones may stay."""
    found = [
        (profile, part, part.counters.rules[rule.id])
        for profile, part in sorted(account.parts.items())
        if rule.id in part.counters.rules
    ]
    most = most_of(rule, (count.days for _, _, count in found))
    ever = min((one for one in (most, rule.caps.ever) if one is not None), default=None)
    days, weeks, total = dict[int, int](), dict[int, int](), 0
    for _, _, count in found:
        for day, (number, _) in count.tally.sums.items():
            days[day] = days.get(day, 0) + number
            weeks[week_of(day)] = weeks.get(week_of(day), 0) + number
            total += number
    grants = sorted(
        (grant.at, key, profile, grant)
        for profile, part, count in found
        for key, grant in count.tally.grants.items()
        if _is_agreed(part, key, grant)
    )
    over = dict[tuple[str, int], bool]()
    for _, key, profile, grant in grants:
        day, week = grant.day, week_of(grant.day)
        fits = (
            (ever is None or total < ever)
            and (rule.caps.day is None or days.get(day, 0) < rule.caps.day)
            and (rule.caps.week is None or weeks.get(week, 0) < rule.caps.week)
        )
        over[profile, key] = not fits
        if fits:
            total, days[day], weeks[week] = total + 1, days.get(day, 0) + 1, weeks.get(week, 0) + 1
    return over
