"""Who the people of a group are: its edges, replayed in canonical order through the guards.

The result depends on the group alone, not on what arrived first. Only the neighbourhood of what changed is worked out
again: edges that do not count part the group.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from processors.identity.guards import Limits
from processors.identity.state import LINKED, UNLINKED, Edge, Group, Member
from schemas.identifiers import anchor_of, type_of
from schemas.ids import person_of
from schemas.reasons import HUB, PERSON_SIZE, SHARED_DEVICE, TOO_MANY

Members = Mapping[str, Member]


class People(msgspec.Struct, frozen=True):
    """``names`` gives the person of every identifier looked at, ``verdicts`` what became of every edge that has an end
    among them."""

    names: dict[str, str]
    verdicts: dict[tuple[str, str], str]


def people_of(group: Group, changed: Iterable[str], limits: Limits) -> People:
    """The people around those members of a group who changed."""
    members = group.members
    near = _neighbourhood(members, changed)
    verdicts: dict[tuple[str, str], str] = {}
    counting: list[tuple[bool, int, str, str]] = []
    for one, other, edge in _edges(members, near):
        fixed = _fixed_verdict(edge, members[one], members[other])
        if fixed:
            verdicts[one, other] = fixed
        else:
            # An operator's links come first: the guards have to live with them.
            counting.append((edge.word is None, edge.first_seen, one, other))
    counting.sort()
    joining = _Joining(near, limits)
    for guarded, _, one, other in counting:
        verdicts[one, other] = joining.join(one, other, guarded)
    names = {}
    for who in joining.people():
        name = person_of(_oldest(members, who))
        for identifier in who:
            names[identifier] = name
    return People(names, verdicts)


def _neighbourhood(members: Members, changed: Iterable[str]) -> dict[str, None]:
    """All that is connected with what changed by edges which count, or counted when last told."""
    near = dict.fromkeys(changed)
    waiting = list(near)
    while waiting:
        one = waiting.pop()
        for other, edge in _ends(members, one):
            if other in near:
                continue
            if edge.verdict == LINKED or not _fixed_verdict(edge, members[one], members[other]):
                near[other] = None
                waiting.append(other)
    return near


def _ends(members: Members, one: str) -> Iterator[tuple[str, Edge]]:
    """Every edge of an identifier. Large groups arrive in pieces: an edge is one once both its ends are there."""
    yield from ((weaker, edge) for weaker, edge in members[one].edges.items() if weaker in members)
    for stronger in members[one].back:
        if stronger in members and (edge := members[stronger].edges.get(one)) is not None:
            yield stronger, edge


def _edges(members: Members, near: Mapping[str, None]) -> Iterator[tuple[str, str, Edge]]:
    """Every edge with an end in the neighbourhood once, its stronger end first."""
    for one in near:
        for other, edge in _ends(members, one):
            if other in members[one].edges:
                yield one, other, edge
            elif other not in near:
                yield other, one, edge


def _fixed_verdict(edge: Edge, one: Member, other: Member) -> str:
    """What an operator or the ends themselves decide; empty when the edge counts."""
    if edge.word is not None and not edge.word.linked:
        return UNLINKED
    if SHARED_DEVICE in (one.flag, other.flag):
        return SHARED_DEVICE
    return HUB if one.flag or other.flag else ""


def _oldest(members: Members, who: list[str]) -> str:
    """First seen first, then the strongest."""
    first_seen = min(members[identifier].first_seen for identifier in who)
    return anchor_of([identifier for identifier in who if members[identifier].first_seen == first_seen])


class _Joining:
    """People as they grow edge by edge: each identifier's person, as the list of its identifiers and their types."""

    def __init__(self, identifiers: Iterable[str], limits: Limits) -> None:
        self._limits = limits
        self._who = {identifier: [identifier] for identifier in identifiers}
        self._types = {identifier: Counter((type_of(identifier),)) for identifier in self._who}

    def join(self, one: str, other: str, guarded: bool) -> str:
        """The verdict on an edge."""
        large, small = sorted((self._who[one], self._who[other]), key=len, reverse=True)
        if large is small:
            return LINKED
        types, more = self._types[large[0]], self._types[small[0]]
        if guarded and (refused := self._refused(types, more, len(large) + len(small))):
            return refused
        types.update(more)
        large.extend(small)
        for identifier in small:
            self._who[identifier] = large
        return LINKED

    def _refused(self, types: Counter[str], more: Counter[str], size: int) -> str:
        for kind in sorted({*types, *more}):
            limit = self._limits.per_person(kind)
            # What an operator has brought together beyond the limit does not keep other types out.
            if not limit or (types[kind] and more[kind] and types[kind] + more[kind] > limit):
                return f"{TOO_MANY}:{kind}"
        return PERSON_SIZE if size > self._limits.person_size else ""

    def people(self) -> list[list[str]]:
        return [who for identifier, who in self._who.items() if who[0] == identifier]
