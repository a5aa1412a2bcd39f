"""Identity on a real Kafka: people are the connected components of what was seen together, whoever dies meanwhile."""

import asyncio
from collections.abc import Sequence
from random import Random

import pytest

from schemas.events import IdentityChanged, TouchpointRecorded
from schemas.identifiers import anchor_of
from schemas.ids import derived, person_of
from schemas.topics import IDENTITY_CHANGED, IDENTITY_SIGNALLED, PARTITIONS, TOUCHPOINT_IDENTIFIED
from tests.fire.seeds import draw_seed
from tests.oracles.joined import Joined
from tests.processors.street import CODEC, Street, until

PEOPLE, EVENTS = 300, 3000
AGAIN = 0.2
KINDS = ("customer", "email", "phone", "device", "device")
NOON_US = 1_772_449_200_000_000
SIGNALS_A_LINK = 4.0
"""Half of all events are there before the first signal is: nobody knows yet where the roots are, which costs most.
tests/stories/test_identity_network.py counts what it takes as they come."""


def encounters(town: str, random: Random) -> list[TouchpointRecorded]:
    """Everybody is seen under one or two of their identifiers at a time; in no order, a fifth of it twice."""
    people = [[f"{kind}:{town}-{who}-{number}" for number, kind in enumerate(KINDS)] for who in range(PEOPLE)]
    events = []
    for number in range(EVENTS):
        seen = tuple(random.sample(random.choice(people), random.choice((1, 2))))
        anchor = anchor_of(seen)
        events.append(
            TouchpointRecorded(
                event_id=derived("encounter", town, str(number)),
                type="store_entry",
                occurred_at=NOON_US + number * 1_000_000,
                received_at=NOON_US + number * 1_000_000,
                source="test",
                anchor=anchor,
                identifiers=(anchor, *(other for other in seen if other != anchor)),
            )
        )
    events += random.sample(events, int(EVENTS * AGAIN))
    random.shuffle(events)
    return events


async def people_told(street: Street, events: Sequence[TouchpointRecorded]) -> set[frozenset[str]]:
    """Anchors by the person that downstream knows them as: the name that their last event had, or a later word."""
    ours = {event.event_id: event.anchor for event in events}
    told: dict[str, tuple[int, str]] = {}
    for event in await street.events(TOUCHPOINT_IDENTIFIED):
        if event.event_id in ours:
            told[event.own_person_id] = (0, event.person_id)
    for record in await street.read(IDENTITY_CHANGED.name, committed=True):
        change = CODEC.of(IDENTITY_CHANGED).decode(record.value)
        assert isinstance(change, IdentityChanged)
        if change.own_person_id in told and change.change in ("merged", "split"):
            told[change.own_person_id] = max(told[change.own_person_id], (change.version, change.into_person_id))
    people: dict[str, set[str]] = {}
    for anchor in set(ours.values()):
        people.setdefault(told[person_of(anchor)][1], set()).add(anchor)
    return {frozenset(members) for members in people.values()}


def people_due(events: Sequence[TouchpointRecorded]) -> set[frozenset[str]]:
    joined, people = Joined[str](), {}
    for event in events:
        joined.join(event.identifiers)
    for anchor in {event.anchor for event in events}:
        people.setdefault(joined.find(anchor), set()).add(anchor)
    return {frozenset(members) for members in people.values()}


@pytest.mark.timeout(110)
async def test_people_are_the_components_when_workers_die_in_the_middle(street: Street) -> None:
    """The fault: of two workers each is killed with most of the work before it, and started again.

    The promise: everybody is one person, nobody is somebody else, and it took few messages.
    """
    seed = draw_seed()
    events = encounters(f"town{seed}", Random(seed))
    street.start("identity", instance="identity")
    street.start("identity", instance="identity-2")
    await street.opened("identity", 1)
    await street.opened("identity-2", 1)
    half = len(events) // 2
    for victim, some in (("identity", events[:half]), ("identity-2", events[half:])):
        await street.send(some)
        await asyncio.sleep(Random(seed).random())
        street.kill(victim)
        street.start("identity", instance=victim)
    await street.quiet("identity")
    due = people_due(events)

    async def are_told() -> bool:
        return await people_told(street, events) == due

    await until(are_told, 40, "everybody to be told who they are")
    records = await street.read(IDENTITY_SIGNALLED.name, committed=True)
    signals = sum(f":town{seed}-" in record.key.decode() for record in records)
    links = len({event.identifiers for event in events if len(event.identifiers) > 1})
    assert signals <= SIGNALS_A_LINK * links


@pytest.mark.timeout(110)
async def test_the_same_once_more_changes_nobody(street: Street) -> None:
    """The replay twin: the same events in another order, all of them twice."""
    seed = draw_seed()
    events = encounters(f"twin{seed}", Random(seed))
    street.start("identity")
    await street.opened("identity", PARTITIONS)
    await street.send(events)
    await street.quiet("identity")
    again = events * 2
    Random(seed + 1).shuffle(again)
    await street.send(again)
    await street.quiet("identity")
    due = people_due(events)

    async def are_told() -> bool:
        return await people_told(street, events) == due

    await until(are_told, 40, "everybody to be told who they are")
