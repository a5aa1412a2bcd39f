"""The expected result of identity, computed from all events at once without the protocol."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from schemas import kinds
from schemas.events import TouchpointRecorded
from schemas.identifiers.types import strength
from schemas.ids import person_of
from tests.oracles.joined import Joined

Pair = tuple[str, str]
PERIOD = 30 * 86_400_000_000
"""Thirty days in microseconds."""


def components(events: Iterable[TouchpointRecorded]) -> dict[str, str]:
    """The person id of each identifier when nothing is guarded: a plain union-find."""
    joined = Joined[str]()
    first: dict[str, int] = {}
    for event in events:
        joined.join(event.identifiers)
        for one in event.identifiers:
            first[one] = min(event.occurred_at, first.get(one, event.occurred_at))
    oldest: dict[str, str] = {}
    for one in sorted(first, key=lambda one: (first[one], strength(one))):
        oldest.setdefault(joined.find(one), one)
    return {one: person_of(oldest[joined.find(one)]) for one in first}


@dataclass
class Limits:
    """Guards for the oracle; a type that is not listed has the limit ``other``. ``window`` is in periods; a node stores
    ``stored`` neighbours, or one more than its limit if that is more."""

    per_person: dict[str, int] = field(default_factory=dict)
    neighbours: dict[str, int] = field(default_factory=dict)
    other: int = 1_000_000
    person_size: int = 1_000_000
    never_stitch: tuple[str, ...] = ("kiosk",)
    window: int = 1
    stored: int = 250


@dataclass
class Truth:
    """``person_ids`` by identifier; ``statuses`` that may be the last of each edge, its stronger end first."""

    person_ids: dict[str, str]
    statuses: dict[Pair, set[str]]


@dataclass
class Evidence:
    """All events at once: when each identifier was seen first, when each pair was seen, its latest override, the shared
    devices, and pairs with a placeholder."""

    first: dict[str, int] = field(default_factory=dict)
    seen_at: dict[Pair, list[int]] = field(default_factory=lambda: defaultdict(list))
    overrides: dict[Pair, tuple[int, str, bool]] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    blocked: set[Pair] = field(default_factory=set)

    def add(self, event: TouchpointRecorded, limits: Limits) -> None:
        primary = event.primary_identifier
        multi_user = any(f'"device_class":"{name}"' in event.properties for name in limits.never_stitch)
        self._seen(primary, event.occurred_at)
        if multi_user and kind(primary) == "device":
            self.shared.add(primary)
        for other in set(event.identifiers) - {primary}:
            pair = (primary, other)
            if blocked(other):
                self.blocked.add(pair)
                continue
            self._seen(other, event.occurred_at)
            if event.type in kinds.OVERRIDES:
                override = (event.occurred_at, event.event_id, event.type == kinds.LINKED)
                self.overrides[pair] = max(override, self.overrides.get(pair, override))
                continue
            self.seen_at[pair].append(event.occurred_at)
            if multi_user and kind(other) == "device":
                self.shared.add(other)

    def _seen(self, one: str, at: int) -> None:
        self.first[one] = min(at, self.first.get(one, at))


def truth(events: Iterable[TouchpointRecorded], limits: Limits) -> Truth:
    """Removes, and accepts, one edge after the other, with people as plain sets."""
    evidence = Evidence()
    for event in events:
        evidence.add(event, limits)
    statuses: dict[Pair, set[str]] = {pair: {"blocked_value"} for pair in evidence.blocked}
    statuses |= {pair: {"unlinked"} for pair, override in evidence.overrides.items() if not override[2]}
    hubs = hub_pairs(evidence, limits)
    for pair in evidence.seen_at.keys() - evidence.overrides.keys():
        # Which of the two is published depends on which end refuses first.
        reasons = {r for r, it_is in (("shared_device", evidence.shared & {*pair}), ("hub", pair in hubs)) if it_is}
        statuses |= {pair: reasons} if reasons else {}
    open_pairs = {*evidence.overrides, *evidence.seen_at} - statuses.keys()
    apart = [{*pair} for pair, override in evidence.overrides.items() if not override[2]]

    def by_age(pair: Pair) -> Any:
        link = evidence.overrides.get(pair)
        return (0, link, pair) if link else (1, min(evidence.seen_at[pair]), pair)

    def by_news(pair: Pair) -> Any:
        times = evidence.seen_at[pair]
        last = max(min(times), max(times) // PERIOD * PERIOD) if times else 0
        return by_age(pair) if pair in evidence.overrides else (1, strength(pair[1])[0], -last, pair)

    for guard, order in ((strangers, by_age), (growth, by_news), (size, by_age)):
        people = {one: {one} for one in evidence.first}
        for pair in sorted(open_pairs, key=order):
            one, other = people[pair[0]], people[pair[1]]
            reason = ""
            if one is not other and any(unlinked <= one | other for unlinked in apart):
                reason = "kept_apart"
            elif one is not other and pair not in evidence.overrides:
                reason = guard(one, other, limits)
            if reason:
                statuses[pair] = {reason}
                open_pairs.discard(pair)
            else:
                people |= dict.fromkeys(one | other, one | other)
    statuses |= {pair: {"linked"} for pair in open_pairs}
    first = evidence.first
    person_ids = {one: person_of(min(people[one], key=lambda x: (first[x], strength(x)))) for one in people}
    return Truth(person_ids, statuses)


def hub_pairs(evidence: Evidence, limits: Limits) -> set[Pair]:
    """The pairs whose latest evidence is of a time at which one end was seen with too many others."""
    found = set()
    pairs_of: dict[str, dict[Pair, list[int]]] = defaultdict(dict)
    for pair, times in evidence.seen_at.items():
        for end in pair:
            pairs_of[end][pair] = [at // PERIOD for at in times]
    for end, ends in pairs_of.items():
        limit = limits.neighbours.get(kind(end), limits.other)
        newest = sorted(ends, key=lambda pair: (max(ends[pair]), *({*pair} - {end})))[-max(limits.stored, limit + 1) :]
        for pair in ends:
            last = max(ends[pair])
            around = [
                one
                for one in newest
                if max(ends[one]) >= last - limits.window
                and (len(newest) < len(ends) or min(ends[one]) <= last + limits.window)
            ]
            if pair not in newest or len(around) > limit:
                found.add(pair)
    return found


def strangers(one: set[str], other: set[str], limits: Limits) -> str:
    """Types of which a person has one, or none that is joined."""
    return too_many(one, other, limits, lambda limit: limit <= 1)


def growth(one: set[str], other: set[str], limits: Limits) -> str:
    """Types of which a person has several."""
    return too_many(one, other, limits, lambda limit: limit > 1)


def size(one: set[str], other: set[str], limits: Limits) -> str:
    return "person_size" if len(one | other) > limits.person_size else ""


def too_many(one: set[str], other: set[str], limits: Limits, concerns: Callable[[int], bool]) -> str:
    """Why these two may not be one person; empty when they may. A person that an override brought over a limit
    stays one, but gets no more of that type."""
    for each in sorted({kind(i) for i in one | other}):
        limit = limits.per_person.get(each, limits.other)
        mine, theirs = (sum(kind(i) == each for i in side) for side in (one, other))
        if concerns(limit) and (limit == 0 or (mine > 0 < theirs and mine + theirs > limit)):
            return f"too_many:{each}"
    return ""


def kind(identifier: str) -> str:
    return identifier.split(":")[0]


def blocked(identifier: str) -> bool:
    return identifier.endswith(":blocked")
