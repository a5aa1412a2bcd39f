"""Identity on a real Kafka: people are the connected components of the identifiers seen together, whatever worker is
killed meanwhile."""

import asyncio
from collections.abc import Sequence
from random import Random

from schemas.events import IdentityChanged, TouchpointRecorded
from schemas.identifiers.types import strongest
from schemas.ids import derived, person_of
from schemas.topics import IDENTITY_CHANGED, IDENTITY_SIGNALLED, PARTITIONS, TOUCHPOINT_IDENTIFIED
from tests.oracles.joined import Joined
from tests.support.seeds import draw_seed
from tests.support.stream_cluster import CODEC, StreamCluster, until

PEOPLE, EVENTS = 300, 3000
DUPLICATES = 0.2
KINDS = ("customer", "email", "phone", "device", "device")
NOON_US = 1_772_449_200_000_000
SIGNALS_A_LINK = 4.0
"""Half of all events arrive before the first signal: no node knows its root yet, which takes the most signals.
tests/stories/test_identity_network.py counts the signals of events that arrive one by one."""


def encounters(series: str, random: Random) -> list[TouchpointRecorded]:
    """Each event names one or two identifiers of a person; events in random order, a fifth of them twice."""
    people = [[f"{kind}:{series}-{who}-{number}" for number, kind in enumerate(KINDS)] for who in range(PEOPLE)]
    events = []
    for number in range(EVENTS):
        seen = tuple(random.sample(random.choice(people), random.choice((1, 2))))
        primary_identifier = strongest(seen)
        events.append(
            TouchpointRecorded(
                event_id=derived("encounter", series, str(number)),
                type="store_entry",
                occurred_at=NOON_US + number * 1_000_000,
                received_at=NOON_US + number * 1_000_000,
                source="test",
                primary_identifier=primary_identifier,
                identifiers=(primary_identifier, *(other for other in seen if other != primary_identifier)),
            )
        )
    events += random.sample(events, int(EVENTS * DUPLICATES))
    random.shuffle(events)
    return events


async def people_published(cluster: StreamCluster, events: Sequence[TouchpointRecorded]) -> set[frozenset[str]]:
    """Primary identifiers, grouped by the person that downstream has for them: that of their last event, or of a later
    change."""
    ours = {event.event_id: event.primary_identifier for event in events}
    persons: dict[str, tuple[int, str]] = {}
    for event in await cluster.events(TOUCHPOINT_IDENTIFIED):
        if event.event_id in ours:
            persons[event.source_profile_id] = (0, event.person_id)
    for record in await cluster.read(IDENTITY_CHANGED.name, committed=True):
        change = CODEC.of(IDENTITY_CHANGED).decode(record.value)
        assert isinstance(change, IdentityChanged)
        if change.source_profile_id in persons and change.change in ("merged", "split"):
            persons[change.source_profile_id] = max(
                persons[change.source_profile_id], (change.version, change.into_person_id)
            )
    people: dict[str, set[str]] = {}
    for primary_identifier in set(ours.values()):
        people.setdefault(persons[person_of(primary_identifier)][1], set()).add(primary_identifier)
    return {frozenset(members) for members in people.values()}


def components(events: Sequence[TouchpointRecorded]) -> set[frozenset[str]]:
    joined, people = Joined[str](), {}
    for event in events:
        joined.join(event.identifiers)
    for primary_identifier in {event.primary_identifier for event in events}:
        people.setdefault(joined.find(primary_identifier), set()).add(primary_identifier)
    return {frozenset(members) for members in people.values()}


async def test_people_are_the_components_when_workers_die_in_the_middle(cluster: StreamCluster) -> None:
    """The fault: each of two workers is killed with most of its work undone, and started again.

    The promise: every component is one person, no two components share one, and it took few signals.
    """
    seed = draw_seed()
    events = encounters(f"killed{seed}", Random(seed))
    cluster.start("identity", instance="identity")
    cluster.start("identity", instance="identity-2")
    await cluster.opened("identity", 1)
    await cluster.opened("identity-2", 1)
    half = len(events) // 2
    for victim, some in (("identity", events[:half]), ("identity-2", events[half:])):
        await cluster.send(some)
        await asyncio.sleep(Random(seed).random())
        cluster.kill(victim)
        cluster.start("identity", instance=victim)
    await cluster.quiet("identity")
    expected = components(events)

    async def are_published() -> bool:
        return await people_published(cluster, events) == expected

    await until(are_published, "every person to be published")
    records = await cluster.read(IDENTITY_SIGNALLED.name, committed=True)
    signals = sum(f":killed{seed}-" in record.key.decode() for record in records)
    links = len({event.identifiers for event in events if len(event.identifiers) > 1})
    assert signals <= SIGNALS_A_LINK * links


async def test_the_same_events_again_change_no_person(cluster: StreamCluster) -> None:
    """The replay twin: the same events in another order, all of them twice."""
    seed = draw_seed()
    events = encounters(f"twin{seed}", Random(seed))
    cluster.start("identity")
    await cluster.opened("identity", PARTITIONS)
    await cluster.send(events)
    await cluster.quiet("identity")
    again = events * 2
    Random(seed + 1).shuffle(again)
    await cluster.send(again)
    await cluster.quiet("identity")
    expected = components(events)

    async def are_published() -> bool:
        return await people_published(cluster, events) == expected

    await until(are_published, "every person to be published")
