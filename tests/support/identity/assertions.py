"""Compares a network that has processed everything with the oracle."""

from collections.abc import Mapping

from processors.identity.guards import limits_of
from processors.identity.people import people_of
from processors.identity.state import Node
from schemas.ids import person_of
from schemas.reasons import EdgeReason
from tests.support.identity.network import Network
from tests.support.identity.oracle import Truth


def assert_people(network: Network, person_ids: Mapping[str, str]) -> None:
    """Roots, used nodes and consumers downstream all have these people, under these ids."""
    nodes, limits = network.nodes(), limits_of(network.reference)
    known: dict[str, str] = {}
    for one, node in nodes.items():
        if node.component is not None:
            assert not node.parent
            people = people_of(node.component, node.component.members, limits)
            assert not known.keys() & people.person_ids.keys(), "one identifier in two components"
            known |= people.person_ids
        elif not node.parent:
            known[one] = node.person_id
    assert known == person_ids, differences(known, person_ids)
    published = published_people(network)
    for one, node in nodes.items():
        if node.used:
            own = person_of(one)
            assert published.get(own, own) == node.person_id == known[one], one
    redirects = redirects_of(network)
    for touchpoint in network.touchpoints:
        last = follow_redirects(redirects, touchpoint.source_profile_id, touchpoint.person_id)
        assert last == known[touchpoint.primary_identifier], touchpoint.event_id


def assert_statuses(network: Network, truth: Truth) -> None:
    """The last published status of every edge is a true one."""
    last: dict[tuple[str, str], tuple[int, str]] = {}
    for change in network.changes:
        if change.other_identifier:
            pair = (change.identifier, change.other_identifier)
            last[pair] = max(last.get(pair, (-1, "")), (change.version, change.reason or change.change))
    assert last.keys() == truth.statuses.keys()
    for pair, (_, status) in last.items():
        true_ones = truth.statuses[pair]
        # An edge that was refused as a hub's before its device was known as shared keeps that reason.
        if status == EdgeReason.HUB and EdgeReason.SHARED_DEVICE in true_ones:
            continue
        assert status in true_ones, (pair, status, true_ones)


def published_people(network: Network) -> dict[str, str]:
    """The person of each source profile, by the highest version published."""
    last: dict[str, tuple[int, str]] = {}
    for change in network.changes:
        if change.source_profile_id:
            last[change.source_profile_id] = max(
                last.get(change.source_profile_id, (-1, "")), (change.version, change.into_person_id)
            )
    return {own: person_id for own, (_, person_id) in last.items()}


Redirects = Mapping[tuple[str, str], tuple[int, str]]
"""By person and source profile: the latest version of the change that sends this part on, and the person it goes to."""


def redirects_of(network: Network) -> Redirects:
    """The redirects that consumers of identity-changed have stored."""
    redirects: dict[tuple[str, str], tuple[int, str]] = {}
    for change in network.changes:
        if change.source_profile_id:
            key = (change.person_id, change.source_profile_id)
            redirects[key] = max(redirects.get(key, (-1, "")), (change.version, change.into_person_id))
    return redirects


def follow_redirects(redirects: Redirects, own: str, person: str) -> str:
    """The person at which an event of source profile ``own``, published under ``person``, arrives in the end."""
    version = -1
    while (redirect := redirects.get((person, own), (-1, "")))[0] > version:
        version, person = redirect
    return person


def depth(nodes: Mapping[str, Node]) -> int:
    """The longest path to a root."""

    def path_length(one: str) -> int:
        steps = 0
        while nodes[one].parent:
            one, steps = nodes[one].parent, steps + 1
        return steps

    return max(path_length(one) for one in nodes)


def differences(got: Mapping[str, str], expected: Mapping[str, str]) -> str:
    """Identifiers whose person is not the expected one, with both."""
    return str(
        {
            one: (got.get(one), expected.get(one))
            for one in got.keys() | expected.keys()
            if got.get(one) != expected.get(one)
        }
    )
