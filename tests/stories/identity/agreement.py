"""Holds a network that came to rest against the truth."""

from collections.abc import Mapping

from processors.identity.guards import limits_of
from processors.identity.people import people_of
from processors.identity.state import Node
from schemas.ids import person_of
from tests.stories.identity.network import Network
from tests.stories.identity.oracle import Truth


def agrees(network: Network, names: Mapping[str, str]) -> None:
    """Roots, used nodes and downstream all know the same people, by the right names."""
    nodes, limits = network.nodes(), limits_of(network.world)
    known: dict[str, str] = {}
    for one, node in nodes.items():
        if node.group is not None:
            assert not node.up
            group = people_of(node.group, node.group.members, limits)
            assert not known.keys() & group.names.keys(), "one identifier in two groups"
            known |= group.names
        elif not node.up:
            known[one] = node.name
    assert known == names, differences(known, names)
    told = told_downstream(network)
    for one, node in nodes.items():
        if node.used:
            own = person_of(one)
            assert told.get(own, own) == node.name == known[one], one
    ways = ways_on(network)
    for touch in network.touches:
        assert resting_place(ways, touch.own_person_id, touch.person_id) == known[touch.anchor], touch.event_id


def judges_as(network: Network, truth: Truth) -> None:
    """The last word on every edge is the true one."""
    last: dict[tuple[str, str], tuple[int, str]] = {}
    for change in network.changes:
        if change.other_identifier:
            pair = (change.identifier, change.other_identifier)
            last[pair] = max(last.get(pair, (-1, "")), (change.version, change.reason or change.change))
    assert last.keys() == truth.verdicts.keys()
    for pair, (_, verdict) in last.items():
        assert verdict in truth.verdicts[pair], (pair, verdict, truth.verdicts[pair])


def told_downstream(network: Network) -> dict[str, str]:
    """Who each own person is by now, by the highest version of what was told."""
    last: dict[str, tuple[int, str]] = {}
    for change in network.changes:
        if change.own_person_id:
            last[change.own_person_id] = max(
                last.get(change.own_person_id, (-1, "")), (change.version, change.into_person_id)
            )
    return {own: name for own, (_, name) in last.items()}


Ways = Mapping[tuple[str, str], tuple[int, str]]


def ways_on(network: Network) -> Ways:
    """For each person and each own person that they may hold a part of: when and to whom it has to go on."""
    ways: dict[tuple[str, str], tuple[int, str]] = {}
    for change in network.changes:
        if change.own_person_id:
            place = (change.person_id, change.own_person_id)
            ways[place] = max(ways.get(place, (-1, "")), (change.version, change.into_person_id))
    return ways


def resting_place(ways: Ways, own: str, person: str) -> str:
    """Where something that was published for ``person`` comes to rest, passed on by each who was told to."""
    version = -1
    while (way := ways.get((person, own), (-1, "")))[0] > version:
        version, person = way
    return person


def depth(nodes: Mapping[str, Node]) -> int:
    """The longest way up to a root."""

    def height(one: str) -> int:
        steps = 0
        while nodes[one].up:
            one, steps = nodes[one].up, steps + 1
        return steps

    return max(height(one) for one in nodes)


def differences(got: Mapping[str, str], wanted: Mapping[str, str]) -> str:
    """Identifiers whose person is another one than it should be."""
    return str(
        {one: (got.get(one), wanted.get(one)) for one in got.keys() | wanted.keys() if got.get(one) != wanted.get(one)}
    )
