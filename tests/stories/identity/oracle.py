"""What identity has to find out, worked out from all events at once, the plain way."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas import kinds
from schemas.events import TouchpointRecorded
from schemas.identifiers import strength
from schemas.ids import person_of
from tests.oracles.joined import Joined


def components(events: Iterable[TouchpointRecorded]) -> dict[str, str]:
    """The name of everybody's person when nothing is guarded: union-find, without ranks or tricks."""
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
    """Guards as the oracle understands them: everything that is not named has ``other``."""

    per_person: dict[str, int] = field(default_factory=dict)
    neighbours: dict[str, int] = field(default_factory=dict)
    other: int = 1_000_000
    person_size: int = 1_000_000
    never_stitch: tuple[str, ...] = ("kiosk",)


@dataclass
class Truth:
    """``names``: everybody's person. ``verdicts``: what may have been said last of each pair, stronger end first."""

    names: dict[str, str]
    verdicts: dict[tuple[str, str], set[str]]


def truth(events: Iterable[TouchpointRecorded], limits: Limits) -> Truth:
    """The accepted edges, one after the other, with people as plain sets."""
    first: dict[str, int] = {}
    seen_at: dict[tuple[str, str], int] = {}
    met: dict[str, set[str]] = defaultdict(set)
    words: dict[tuple[str, str], tuple[int, str, bool]] = {}
    shared: set[str] = set()
    verdicts: dict[tuple[str, str], set[str]] = {}
    for event in events:
        crowded = any(f'"device_class":"{name}"' in event.properties for name in limits.never_stitch)
        first[event.anchor] = min(event.occurred_at, first.get(event.anchor, event.occurred_at))
        if crowded and kind(event.anchor) == "device":
            shared.add(event.anchor)
        for other in set(event.identifiers) - {event.anchor}:
            pair = (event.anchor, other)
            if blocked(other):
                verdicts[pair] = {"blocked_value"}
                continue
            first[other] = min(event.occurred_at, first.get(other, event.occurred_at))
            if event.type in kinds.VERDICTS:
                word = (event.occurred_at, event.event_id, event.type == kinds.LINKED)
                words[pair] = max(word, words.get(pair, word))
                continue
            seen_at[pair] = min(event.occurred_at, seen_at.get(pair, event.occurred_at))
            met[event.anchor].add(other)
            met[other].add(event.anchor)
            if crowded and kind(other) == "device":
                shared.add(other)
    hubs = {one for one, others in met.items() if len(others) > limits.neighbours.get(kind(one), limits.other)}
    people = {one: {one} for one in first}
    by_word = sorted((seen_at.get(p, 1 << 62), p) for p, word in words.items() if word[2])
    by_evidence = sorted((at, p) for p, at in seen_at.items() if p not in words)
    for pair in {*words, *seen_at}:
        if pair in words and not words[pair][2]:
            verdicts[pair] = {"unlinked"}
        elif shared & set(pair) or hubs & set(pair):
            # Which of both it was is a matter of who said it first.
            verdicts[pair] = {r for r, who in (("shared_device", shared), ("hub", hubs)) if who & set(pair)}
    for rank, (_, pair) in enumerate([*by_word, *by_evidence]):
        if pair in verdicts:
            continue
        one, other = people[pair[0]], people[pair[1]]
        reason = "" if one is other or rank < len(by_word) else refusal(one, other, limits)
        verdicts[pair] = {reason or "linked"}
        if not reason:
            both = one | other
            people |= dict.fromkeys(both, both)
    names = {one: person_of(min(people[one], key=lambda x: (first[x], strength(x)))) for one in people}
    return Truth(names, verdicts)


def refusal(one: set[str], other: set[str], limits: Limits) -> str:
    """Why these two may not be one person; empty when they may. Who is over a limit by an operator's word stays that,
    but must not get more of the type."""
    for each in sorted({kind(i) for i in one | other}):
        limit = limits.per_person.get(each, limits.other)
        mine, theirs = (sum(kind(i) == each for i in side) for side in (one, other))
        if limit == 0 or (mine > 0 < theirs and mine + theirs > limit):
            return f"too_many:{each}"
    return "person_size" if len(one | other) > limits.person_size else ""


def kind(identifier: str) -> str:
    return identifier.split(":")[0]


def blocked(identifier: str) -> bool:
    return identifier.endswith(":blocked")
