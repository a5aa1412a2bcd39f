"""Identity over partitions: whatever the order, duplicates, partitions and crashes, the same people."""

import random
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors.identity import joining
from schemas.events import TouchpointRecorded
from tests.fire.seeds import draw_seed
from tests.stories.identity.agreement import agrees, depth, judges_as
from tests.stories.identity.network import Network
from tests.stories.identity.oracle import Limits, components, truth
from tests.stories.identity.people import crowd, edges, event, hashed, repeated, some_limits, turmoil, world

random_worlds = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LINKS = 2000
TOWNS = 6
SHALLOW = 12
"""Some log2 of the links of a chain: what randomised linking promises."""
seeds = st.integers(0, 2**32)
partitions = st.sampled_from([1, 4, 16])
backlogs = st.sampled_from([3, 20, 1_000_000])


@random_worlds
@given(seeds, partitions, backlogs, st.sampled_from([0.0, 0.02, 0.1]), st.sampled_from([0.05, 0.3]))
def test_without_guards_people_are_the_connected_components(
    seed: int, count: int, backlog: int, crashes: float, commits: float
) -> None:
    chance = random.Random(seed)
    events = [e for e in crowd(chance, chance.randint(1, 6)) if chance.random() < 0.9]
    network = Network(world(), chance, count, crashes, commits)
    network.plays(repeated(chance, events, 0.3), backlog)
    agrees(network, components(events))


@random_worlds
@given(seeds, partitions, backlogs, st.sampled_from([0.0, 0.02, 0.1]), st.sampled_from([0.05, 0.3]))
def test_with_guards_people_and_verdicts_are_those_of_the_accepted_edges(
    seed: int, count: int, backlog: int, crashes: float, commits: float
) -> None:
    chance = random.Random(seed)
    events, limits = turmoil(chance, chance.randint(2, 50)), some_limits(chance)
    network = Network(world(limits), chance, count, crashes, commits)
    network.plays(repeated(chance, events, 0.3), backlog)
    expected = truth(events, limits)
    agrees(network, expected.names)
    judges_as(network, expected)


@random_worlds
@given(seeds, partitions)
def test_telling_everything_again_changes_nobody(seed: int, count: int) -> None:
    chance = random.Random(seed)
    events, limits = turmoil(chance, 30), some_limits(chance)
    network = Network(world(limits), chance, count, 0.02, 0.2)
    network.plays(events)
    told, names = len(network.changes), {one: node.name for one, node in network.nodes().items()}
    network.plays(events)
    assert {one: node.name for one, node in network.nodes().items()} == names
    # Ends that refuse an edge say so as often as they are asked, in the same words.
    assert all(change.other_identifier and not change.version for change in network.changes[told:])


@random_worlds
@given(seeds)
def test_the_plain_oracle_and_the_guarded_one_agree_where_nothing_is_guarded(seed: int) -> None:
    events = crowd(random.Random(seed), 5)
    assert components(events) == truth(events, Limits()).names


@random_worlds
@given(seeds, partitions, backlogs, st.sampled_from([0.0, 0.1]))
def test_a_group_that_takes_several_messages_joins_like_any_other(
    seed: int, count: int, backlog: int, crashes: float
) -> None:
    chance = random.Random(seed)
    events, limits = turmoil(chance), some_limits(chance)
    network = Network(world(limits), chance, count, crashes)
    with patch.object(joining, "PART_MEMBERS", chance.randint(1, 3)):
        network.plays(repeated(chance, events), backlog)
    expected = truth(events, limits)
    agrees(network, expected.names)
    judges_as(network, expected)


def random_links(chance: random.Random) -> list[TouchpointRecorded]:
    """A forest of all sizes, and few circles."""
    devices = [hashed("device", number) for number in range(1000)]
    return [event(at, *chance.sample(devices, 2)) for at in range(400)]


@pytest.mark.parametrize("count", [1, 4, 16])
@pytest.mark.parametrize("made", [lambda chance: crowd(chance, 150), random_links], ids=["people", "random links"])
def test_a_link_takes_three_messages_at_most(
    count: int, made: Callable[[random.Random], list[TouchpointRecorded]]
) -> None:
    """On average of some towns, in any order, a fifth of the events twice."""
    chance = random.Random(draw_seed())
    links, signals = 0, Counter[str]()
    for _ in range(TOWNS):
        events = made(chance)
        network = Network(world(), chance, count)
        network.plays(repeated(chance, events), backlog=50)
        agrees(network, components(events))
        assert depth(network.nodes()) <= SHALLOW
        links, signals = links + edges(events), signals + network.signals
    assert signals.total() <= 3 * links, signals


@pytest.mark.parametrize("order", ["forwards", "backwards", "shuffled"])
def test_a_chain_of_two_thousand_links_stays_shallow(order: str) -> None:
    """However it grows. Many of its messages are names: nobody bounds this person, and older ones join it."""
    chance = random.Random(draw_seed())
    ends = [hashed("device", number) for number in range(LINKS + 1)]
    links = list(pairwise(ends))
    if order != "forwards":
        links.reverse() if order == "backwards" else chance.shuffle(links)
    events = [event(at, *link) for at, link in enumerate(links)]
    network = Network(world(), chance, 4)
    network.plays(events, backlog=50)
    agrees(network, components(events))
    assert depth(network.nodes()) <= SHALLOW
    print(f"{order}: {network.signals.total() / LINKS:.2f} messages a link, depth {depth(network.nodes())}")
    assert network.signals.total() <= 8 * LINKS, network.signals
