"""Joins parts of a group. Every join takes the extreme of two values, so order and repetition change nothing."""

from collections.abc import Iterator

from processors.identity.state import Edge, Group, Member, Word
from schemas.reasons import SHARED_DEVICE

PART_MEMBERS = 2000
"""Most members that travel in one message: some 400 kB, well below what a topic takes."""


def gather(group: Group, part: Group) -> tuple[Group, tuple[str, ...]]:
    """The group with the part in it, and the members of whom it now knows more."""
    members, changed = dict(group.members), []
    for identifier, arriving in part.members.items():
        known = members.get(identifier)
        joined = arriving if known is None else join_members(known, arriving)
        if joined != known:
            members[identifier] = joined
            changed.append(identifier)
    return Group(max(group.clock, part.clock), members), tuple(changed)


def parts_of(group: Group) -> Iterator[Group]:
    """The group in pieces that fit into a message each."""
    members = list(group.members.items())
    for start in range(0, len(members), PART_MEMBERS):
        yield Group(group.clock, dict(members[start : start + PART_MEMBERS]))


def join_members(one: Member, other: Member) -> Member:
    """What both know of an identifier. Only one of them can have its name: that is in one place at any time."""
    edges = dict(one.edges)
    for end, edge in other.edges.items():
        edges[end] = _join_edges(edges[end], edge) if end in edges else edge
    return Member(
        min(one.first_seen, other.first_seen),
        one.name or other.name,
        join_flags(one.flag, other.flag),
        one.used or other.used,
        edges,
        (*one.back, *(end for end in other.back if end not in one.back)),
    )


def join_flags(one: str, other: str) -> str:
    """A device that is shared by its nature is that, however many it was seen with."""
    return SHARED_DEVICE if SHARED_DEVICE in (one, other) else one or other


def _join_edges(one: Edge, other: Edge) -> Edge:
    first_seen, source_event_id = min((e.first_seen, e.source_event_id) for e in (one, other))
    return Edge(first_seen, source_event_id, _later(one.word, other.word), one.verdict or other.verdict)


def _later(one: Word | None, other: Word | None) -> Word | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda word: (word.decided_at, word.event_id, word.linked))
