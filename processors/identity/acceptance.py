"""Which edges of a component are accepted: the rule by which one edge gives way to another.

Edges are accepted one by one, in an order that their content alone decides, and an edge gives way when it would join
what must stay apart. Three passes, each over the edges that the one before it accepted:

1. Strangers. Links by an operator come first, the older decision before the newer; then evidence, the older before the
   newer, so that a device stays with the customer who had it first. An edge gives way that would join two identifiers
   which an operator unlinked, whether links or evidence connect them, or two of a type of which a person has one.
2. Growth. Of a type of which a person has several, the newest count: edges of strong types come before those of weak
   ones, so that the core of a person is there first, and of one type the latest evidence before the earlier.
3. Size. A person that is still too large keeps its oldest edges; the others are in quarantine.

Before all of them stand the identifiers that one value has under several keys: they are together, and count as one.

What a pass accepted satisfies the passes before it: a part of a person has no more identifiers than the whole.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from processors.identity.guards import Limits
from processors.identity.neighbours import latest
from processors.identity.person_sets import Guard, PersonSets
from processors.identity.state import LINKED, Edge
from schemas.identifiers.types import strength

Pair = tuple[str, str]


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """An edge that no flag and no unlink decides, with its stronger and its weaker end."""

    pair: Pair
    edge: Edge

    @property
    def is_evidence(self) -> bool:
        """Whether the edge is evidence; otherwise it is a link by an operator, to which the guards do not apply."""
        return self.edge.override is None


def accept(
    identifiers: Iterable[str], candidates: Sequence[Candidate], apart: Mapping[str, Collection[str]], limits: Limits
) -> tuple[dict[Pair, str], list[list[str]]]:
    """The status of each candidate, and the identifiers of each person."""
    identifiers = list(identifiers)
    same = [each.pair for each in candidates if each.edge.override is not None and each.edge.override.same_value]
    statuses = dict.fromkeys(same, LINKED)

    def run(order: Callable[[Candidate], tuple[object, ...]], guard: Guard) -> PersonSets:
        sets = PersonSets(identifiers, guard, apart, same)
        remaining = (each for each in candidates if statuses.get(each.pair, LINKED) == LINKED)
        for each in sorted(remaining, key=order):
            statuses[each.pair] = sets.join(*each.pair, each.is_evidence)
        return sets

    sets = run(_oldest_first, limits.strangers)
    if any(limits.has_too_many(types) for types in sets.types()):
        sets = run(_newest_first, limits.growth)
    if any(len(person) > limits.person_size for person in sets.people()):
        sets = run(_oldest_first, limits.size)
    return statuses, sets.people()


def _oldest_first(candidate: Candidate) -> tuple[object, ...]:
    if (override := candidate.edge.override) is not None:
        return False, override.decided_at, override.event_id, candidate.pair
    return True, candidate.edge.first_seen, "", candidate.pair


def _newest_first(candidate: Candidate) -> tuple[object, ...]:
    if candidate.edge.override is not None:
        return _oldest_first(candidate)
    kind, _ = strength(candidate.pair[1])
    return True, kind, -latest(candidate.edge.first_seen, candidate.edge.last_period), candidate.pair
