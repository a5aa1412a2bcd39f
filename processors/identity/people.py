"""The people of a component: its edges, accepted in an order that their content decides (acceptance.py).

The result depends on the component alone, not on what arrived first. Only the neighbourhood of what changed is resolved
again: edges that do not count separate it from the rest.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce

import msgspec

from processors.identity.acceptance import Candidate, accept
from processors.identity.consent import is_agreed
from processors.identity.guards import Limits
from processors.identity.state import UNLINKED, Component, Edge, Member
from schemas.consent.choices import Consents
from schemas.identifiers.types import strongest
from schemas.ids import person_of
from schemas.reasons import EdgeReason

Members = Mapping[str, Member]
Said = Mapping[str, Consents]
NOT_RESOLVED = frozenset(("", UNLINKED, EdgeReason.SHARED_DEVICE, EdgeReason.HUB, EdgeReason.NO_CONSENT))
"""Statuses of edges that were not among those to accept when they were last published. All others have an influence on
the people at both ends, also when they are refused: an edge that the size of a person refuses was no stranger's."""


class People(msgspec.Struct, frozen=True):
    """``person_ids`` has the person of every identifier in the neighbourhood, ``statuses`` the status of every edge
    with an end in it, keyed by its stronger and its weaker end."""

    person_ids: dict[str, str]
    statuses: dict[tuple[str, str], str]


def people_of(component: Component, changed: Iterable[str], limits: Limits) -> People:
    """The people around the changed members of a component."""
    members = component.members
    said = _said_of_values(members)
    neighbourhood = _neighbourhood(members, changed, limits, said)
    fixed: dict[tuple[str, str], str] = {}
    apart: dict[str, set[str]] = {}
    candidates = []
    for one, other, edge in _edges(members, neighbourhood):
        status = _fixed_status(members, one, other, edge, limits, said)
        if not status:
            candidates.append(Candidate((one, other), edge))
            continue
        fixed[one, other] = status
        if status == UNLINKED:
            apart.setdefault(one, set()).add(other)
            apart.setdefault(other, set()).add(one)
    accepted, people = accept(neighbourhood, candidates, apart, limits)
    person_ids = {}
    for identifiers in people:
        person_id = person_of(_oldest(members, identifiers))
        for identifier in identifiers:
            person_ids[identifier] = person_id
    return People(person_ids, fixed | accepted)


def _neighbourhood(members: Members, changed: Iterable[str], limits: Limits, said: Said) -> dict[str, None]:
    """All that is connected with what changed by edges that are to be accepted, or were when last published."""
    reached = dict.fromkeys(changed)
    waiting = list(reached)
    while waiting:
        one = waiting.pop()
        for other, edge in _ends(members, one):
            if other in reached:
                continue
            if edge.status not in NOT_RESOLVED or not _fixed_status(members, one, other, edge, limits, said):
                reached[other] = None
                waiting.append(other)
    return reached


def _ends(members: Members, one: str) -> Iterator[tuple[str, Edge]]:
    """Every edge of an identifier with its other end. Large components arrive in fragments: an edge counts once both
    its ends have arrived."""
    yield from ((weaker, edge) for weaker, edge in members[one].edges.items() if weaker in members)
    for stronger in members[one].stronger_ends:
        if stronger in members and (edge := members[stronger].edges.get(one)) is not None:
            yield stronger, edge


def _edges(members: Members, neighbourhood: Mapping[str, None]) -> Iterator[tuple[str, str, Edge]]:
    """Every edge with an end in the neighbourhood once, its stronger end first."""
    for one in neighbourhood:
        for other, edge in _ends(members, one):
            if other in members[one].edges:
                yield one, other, edge
            elif other not in neighbourhood:
                yield other, one, edge


def _fixed_status(members: Members, one: str, other: str, edge: Edge, limits: Limits, said: Said) -> str:
    """The status that an unlink, a missing consent, a flag or an end that declines the edge decides; empty when the
    edge counts, as links by an operator do unless their person withdrew consent. Identifiers of one value are not two
    that consent could keep apart.

    :param said: what was said of identifiers, where that is more than their members have.
    """
    if edge.override is not None:
        if not edge.override.linked:
            return UNLINKED
        if edge.override.same_value:
            return ""
    ends = members[one], members[other]
    of_ends = said.get(one, ends[0].said), said.get(other, ends[1].said)
    asks = not edge.free or of_ends[0].says_something or of_ends[1].says_something
    if asks and not is_agreed(edge, of_ends, limits):
        return EdgeReason.NO_CONSENT
    if edge.override is not None:
        return ""
    if EdgeReason.SHARED_DEVICE in (ends[0].flag, ends[1].flag):
        return EdgeReason.SHARED_DEVICE
    if ends[0].flag or ends[1].flag or other in ends[0].declined or one in ends[1].declined:
        return EdgeReason.HUB
    return ""


def _said_of_values(members: Members) -> Said:
    """What was said of identifiers that have one value under several keys: of each all that was said of its value.
    Nearly always empty."""
    if not any(member.said.says_something for member in members.values()):
        return {}
    groups: dict[str, list[str]] = {}
    for one, member in members.items():
        for other, edge in member.edges.items():
            if edge.override is not None and edge.override.same_value and other in members:
                group, more = groups.setdefault(one, [one]), groups.setdefault(other, [other])
                if group is not more:
                    group += more
                    groups.update(dict.fromkeys(more, group))
    said: dict[str, Consents] = {}
    for identifier, group in groups.items():
        said[identifier] = reduce(Consents.joined, (members[one].said for one in group))
    return said


def _oldest(members: Members, identifiers: list[str]) -> str:
    """The identifier that was seen first; of several the strongest."""
    first_seen = min(members[identifier].first_seen for identifier in identifiers)
    return strongest([identifier for identifier in identifiers if members[identifier].first_seen == first_seen])
