"""What rules count of a source profile: for streaks, milestones, tiers and caps.

A part of a person may exist twice for a while, as it moves, and both go on. So all that is counted here joins like a
set: the same event counts once however often and in whatever order states are joined. It stays small: days are bits,
and of what was earned the latest are kept one by one, those before as sums by day or month.
"""

from typing import Final

import msgspec

GRANTS_KEPT: Final = 24
"""The latest grants of a rule that are kept one by one, some 60 bytes each."""
SUMS_KEPT: Final = 32
"""Days or months of which sums are kept; those before are one sum."""
BEFORE: Final = -(2**31)
"""The day of the sum of all that is earlier."""


class Days(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A set of days: numbers since 1970, as bits from the day ``first`` on. Ten years are 456 bytes."""

    first: int = 0
    bits: bytes = b""

    def with_day(self, day: int) -> "Days":
        """With a further day; the same object where it is known."""
        if not self.bits:
            return Days(day, b"\x01")
        number = int.from_bytes(self.bits, "little")
        if day >= self.first:
            after = number | 1 << day - self.first
            return self if after == number else _days(self.first, after)
        return _days(day, number << self.first - day | 1)

    def joined(self, other: "Days") -> "Days":
        """The union."""
        if not other.bits or self == other:
            return self
        if not self.bits:
            return other
        first = min(self.first, other.first)
        return _days(first, self.bitmap(first) | other.bitmap(first))

    def bitmap(self, first: int) -> int:
        """The days as a number, whose lowest bit is the day ``first``, which is not after any of them."""
        return int.from_bytes(self.bits, "little") << self.first - first if self.bits else 0


def _days(first: int, number: int) -> Days:
    return Days(first, number.to_bytes((number.bit_length() + 7) // 8, "little"))


class Grant(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was earned once: when (microseconds), on which ``day`` of the store's clock, the points, for which event, by
    which version of the rule; ``cause`` is what the entry is unique by, empty for the event. ``over`` counts how often
    it was found beyond a cap or within it again: an odd number is beyond. The last three are as in an ``Offer``."""

    at: int
    day: int
    points: int
    source_event_id: str = ""
    version: int = 0
    over: int = 0
    cause: str = ""
    active_at: int = 0
    expires_at: int = 0
    forgiven: int = 0


Place = tuple[int, int]
"""Of a grant in the order of time: when, and its key."""


class Tally(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How often, and how many points. ``grants`` by the key of their entry: the latest, all after the place ``until``;
    ``sums`` of the others by day (times, points), of which those before the day ``since`` are one, ``BEFORE``."""

    grants: dict[int, Grant] = {}
    until: Place = (0, 0)
    sums: dict[int, tuple[int, int]] = {}
    since: int = BEFORE

    def with_grant(self, key: int, grant: Grant) -> "Tally":
        """With a further grant; the same object where it is known."""
        if key in self.grants:
            return self
        if (grant.at, key) <= self.until:
            return _folded(self, self.grants, [(key, grant)])
        grants = self.grants | {key: grant}
        if len(grants) <= GRANTS_KEPT:
            return Tally(grants, self.until, self.sums, self.since)
        in_time = sorted(grants.items(), key=_place)
        return _folded(self, dict(in_time[-GRANTS_KEPT:]), in_time[:-GRANTS_KEPT])

    def joined(self, other: "Tally") -> "Tally":
        """Both states of the same tally."""
        if self == other:
            return self
        until, since = max(self.until, other.until), max(self.since, other.since)
        days = [day for day in self.sums.keys() | other.sums.keys() if day >= since and day != BEFORE]
        sums = {day: max(self.sums.get(day, (0, 0)), other.sums.get(day, (0, 0))) for day in sorted(days)}
        if earlier := [(one.since, one.sums[BEFORE]) for one in (self, other) if BEFORE in one.sums]:
            sums = {BEFORE: max(earlier)[1], **sums}
        grants = {
            key: _joined(self.grants.get(key), other.grants.get(key))
            for key in sorted(self.grants.keys() | other.grants.keys())
        }
        grants = {key: grant for key, grant in grants.items() if (grant.at, key) > until}
        if len(grants) <= GRANTS_KEPT:
            return Tally(grants, until, sums, since)
        in_time = sorted(grants.items(), key=_place)
        return _folded(Tally({}, until, sums, since), dict(in_time[-GRANTS_KEPT:]), in_time[:-GRANTS_KEPT])


def _place(item: tuple[int, Grant]) -> Place:
    return item[1].at, item[0]


def _joined(one: Grant | None, other: Grant | None) -> Grant:
    found = [grant for grant in (one, other) if grant is not None]
    return max(found, key=lambda grant: grant.over)


def _folded(tally: Tally, kept: dict[int, Grant], rest: list[tuple[int, Grant]]) -> Tally:
    """The tally with ``kept`` one by one, and the rest in its sums."""
    sums, until = dict(tally.sums), max(tally.until, max(map(_place, rest)))
    for _, grant in rest:
        beyond = grant.over & 1
        day = grant.day if grant.day >= tally.since else BEFORE
        times, points = sums.get(day, (0, 0))
        sums[day] = (times + 1 - beyond, points + grant.points * (1 - beyond))
    since = tally.since
    days = sorted(day for day in sums if day != BEFORE)
    for day in days[:-SUMS_KEPT]:
        times, points = sums.pop(day)
        before = sums.get(BEFORE, (0, 0))
        sums[BEFORE], since = (before[0] + times, before[1] + points), day + 1
    return Tally(dict(sorted(kept.items())), until, dict(sorted(sums.items())), since)


class RuleCount(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of a rule: the days on which it happened, where it asks for days, the last event of those, and what was
    earned."""

    days: Days = Days()
    tally: Tally = Tally()
    last: tuple[int, str] = (0, "")

    def joined(self, other: "RuleCount") -> "RuleCount":
        """Both states of the same."""
        last = max(self.last, other.last)
        return RuleCount(self.days.joined(other.days), self.tally.joined(other.tally), last)


class Counters(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of one source profile. ``rules`` by the id of those that count anything; ``earned``, where the brand has tiers,
    is what was earned and taken back, with months of the brand's clock (``zone``) as its days; ``firsts`` is when
    (microseconds) the first event was of the kinds that anniversaries ask for, and how many years of it are done.
    ``near``, by so many days before an expiry, is the last lot that was waited for. ``recount``: its person has been
    joined or divided since the caps and streaks of the person were looked at."""

    rules: dict[str, RuleCount] = {}
    earned: Tally = Tally()
    firsts: dict[str, tuple[int, int]] = {}
    recount: bool = False
    zone: str = ""
    near: dict[int, int] = {}

    @property
    def size(self) -> int:
        """Grants and days."""
        return sum(len(one.tally.grants) + one.days.bitmap(one.days.first).bit_count() for one in self.rules.values())

    def joined(self, other: "Counters") -> "Counters":
        """Both states of the same source profile."""
        if self == other:
            return self
        rules = {
            id: _both(self.rules.get(id), other.rules.get(id)) for id in sorted(self.rules.keys() | other.rules.keys())
        }
        near = {
            days: max(self.near.get(days, 0), other.near.get(days, 0))
            for days in sorted(self.near.keys() | other.near.keys())
        }
        firsts = {
            kind: _first(self.firsts.get(kind), other.firsts.get(kind))
            for kind in sorted(self.firsts.keys() | other.firsts.keys())
        }
        return Counters(
            rules,
            self.earned.joined(other.earned),
            firsts,
            self.recount or other.recount,
            max(self.zone, other.zone),
            near,
        )


def _both(one: RuleCount | None, other: RuleCount | None) -> RuleCount:
    if one is None or other is None:
        return one or other or RuleCount()
    return one.joined(other)


def _first(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int]:
    if one is None or other is None:
        return one or other or (0, 0)
    return min(one[0], other[0]), max(one[1], other[1])


NOTHING_COUNTED = Counters()
"""Of a source profile of which no rule counts anything."""
