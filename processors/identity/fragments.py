"""Merges fragments of a component. Each field takes the extreme of two values, so order and repetition change
nothing."""

from collections.abc import Iterator

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
    return Component(max(component.clock, fragment.clock), members), tuple(changed)


def fragments_of(component: Component) -> Iterator[Component]:
    """The component in fragments that fit into a signal each."""
    members = list(component.members.items())
    for start in range(0, len(members), FRAGMENT_MEMBERS):
        yield Component(component.clock, dict(members[start : start + FRAGMENT_MEMBERS]))


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
