"""Merges fragments of a component. Each field takes the extreme of two values, and what is known of dead identifiers is
left out of the result, so order and repetition change nothing."""

from collections.abc import Iterator

import msgspec

from processors.identity.state import NEVER, Component, Edge, Member, Override
from schemas.reasons import EdgeReason

FRAGMENT_MEMBERS = 2000
"""Most members in one signal: some 400 kB, well below the largest record of a topic."""


def merge_components(component: Component, fragment: Component) -> tuple[Component, tuple[str, ...]]:
    """The component with the fragment in it, and the members that this changed."""
    members, changed = dict(component.members), []
    for identifier, arriving in fragment.members.items():
        known = members.get(identifier)
        merged = arriving if known is None else merge_members(known, arriving)
        if merged != known:
            members[identifier] = merged
            changed.append(identifier)
    clock = max(component.clock, fragment.clock)
    if component.dead or fragment.dead:
        dead = {*component.dead, *fragment.dead}
        living = {one: _without(member, dead) for one, member in members.items() if one not in dead}
        differ = tuple(one for one, member in living.items() if member != component.members.get(one))
        return Component(clock, living, tuple(sorted(dead))), differ
    return Component(clock, members), tuple(changed)


def fragments_of(component: Component) -> Iterator[Component]:
    """The component in fragments that fit into a signal each; each knows who is dead."""
    members = list(component.members.items())
    for start in range(0, max(1, len(members)), FRAGMENT_MEMBERS):
        yield Component(component.clock, dict(members[start : start + FRAGMENT_MEMBERS]), component.dead)


def merge_members(one: Member, other: Member) -> Member:
    """All that both know of an identifier. Only one of them can have its person id, which is in one place at a time."""
    edges = dict(one.edges)
    for end, edge in other.edges.items():
        edges[end] = _merge_edges(edges[end], edge) if end in edges else edge
    return Member(
        min(one.first_seen, other.first_seen),
        one.person_id or other.person_id,
        merge_flags(one.flag, other.flag),
        one.used or other.used,
        edges,
        (*one.stronger_ends, *(end for end in other.stronger_ends if end not in one.stronger_ends)),
        *max((one.revision, one.declined), (other.revision, other.declined))[::-1],
        one.said.joined(other.said),
    )


def merge_flags(one: str, other: str) -> str:
    """A shared device stays one, however many identifiers it was seen with."""
    return EdgeReason.SHARED_DEVICE if EdgeReason.SHARED_DEVICE in (one, other) else one or other


def _without(member: Member, dead: set[str]) -> Member:
    """The member without what leads to dead identifiers; the same object where nothing does."""
    if all(dead.isdisjoint(ends) for ends in (member.edges, member.stronger_ends, member.declined)):
        return member
    return msgspec.structs.replace(
        member,
        edges={end: edge for end, edge in member.edges.items() if end not in dead},
        stronger_ends=tuple(end for end in member.stronger_ends if end not in dead),
        declined=tuple(end for end in member.declined if end not in dead),
    )


def _merge_edges(one: Edge, other: Edge) -> Edge:
    first_seen, source_event_id = min((e.first_seen, e.source_event_id) for e in (one, other))
    return Edge(
        first_seen,
        source_event_id,
        _latest(one.override, other.override),
        one.status or other.status,
        max(one.last_period, other.last_period),
        _is_free(one, other),
        max(one.asked_at, other.asked_at),
    )


def _is_free(one: Edge, other: Edge) -> bool:
    """Whether there is evidence that needs no grant; a link by an operator is no evidence."""
    evidence = [edge.free for edge in (one, other) if edge.first_seen != NEVER]
    return any(evidence) or not evidence


def _latest(one: Override | None, other: Override | None) -> Override | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda override: (override.decided_at, override.event_id, override.linked))
