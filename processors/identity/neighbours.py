"""With whom an identifier was seen, and which of its edges it declines because many share it.

An identifier is a hub at a time at which it was seen with more others than its type may be, counted over the brand's
window before and after. It declines the edges whose latest evidence is of such a time; its other edges count, so an
identifier that strangers shared once, or that meets many others one after the other, still joins its people. A raised
limit lets edges count that were declined.

Times are compared by period, and of the evidence of an edge the first and the last period count: extremes, which do not
depend on order. Of very many neighbours the latest are stored; whoever is not among them is declined.
"""

from bisect import bisect_left, bisect_right

import msgspec

from processors.identity.guards import DAY_US, Limits
from processors.identity.state import Node
from schemas.identifiers.types import is_blocked, type_of

PERIOD_US = 30 * DAY_US
"""Evidence of a known edge is sent once in a period: more often would cost more than it says."""
STORED = 250
"""How many neighbours a node stores at least; more if the limit of its type is higher."""
replace = msgspec.structs.replace


def period_of(at: int) -> int:
    """The period of a time."""
    return at // PERIOD_US


def latest(first_seen: int, last_period: int) -> int:
    """The time of the latest evidence: exact if all of it is of one period, else the start of the last period."""
    return max(first_seen, last_period * PERIOD_US)


def last_period_of(node: Node, other: str) -> int:
    """The period in which a stored neighbour was last seen with this identifier."""
    return node.last_periods.get(other, 0) or period_of(node.neighbours[other])


def evidence_of(node: Node, other: str, at: int) -> tuple[int, int]:
    """The first time and the last period of an edge; those of the time given for a neighbour that is not stored."""
    if other not in node.neighbours:
        return at, period_of(at)
    return node.neighbours[other], last_period_of(node, other)


def is_of_later_period(node: Node, other: str, at: int) -> bool:
    """Whether evidence is of a later period than all evidence of a stored neighbour."""
    return period_of(at) > last_period_of(node, other)


def record_neighbour(node: Node, other: str, first: int, last_period: int) -> Node:
    """Stores evidence of an edge; :func:`with_declined` follows."""
    neighbours, last_periods = dict(node.neighbours), node.last_periods
    if other in neighbours:
        first, last_period = min(first, neighbours[other]), max(last_period, last_period_of(node, other))
    neighbours[other] = first
    if last_period > period_of(first):
        last_periods = {**last_periods, other: last_period}
    return replace(node, neighbours=neighbours, last_periods=last_periods)


def with_declined(node: Node, identifier: str, new: tuple[str, ...], limits: Limits) -> tuple[Node, tuple[str, ...]]:
    """The node with the edges that it declines now, and those withheld so far that it does not decline any more.

    :param new: neighbours that were not stored before; their edges are not in the component yet, unless they are
        among the declined.
    """
    limit = limits.neighbours(type_of(identifier))
    node, oldest = _without_oldest(node, max(STORED, limit + 1))
    hub = _is_hub_with(node, limit, -(-limits.window_us // PERIOD_US))
    if not (hub or oldest or node.declined or node.withheld):
        return node, ()
    unsent = dict.fromkeys((*node.withheld, *(other for other in new if other not in node.declined)))
    sent = dict.fromkeys((*node.declined, *oldest, *hub))
    declined = tuple(
        sorted(other for other in sent if other not in unsent and (other in hub or other not in node.neighbours))
    )
    withheld = tuple(other for other in unsent if other in hub)
    released = tuple(other for other in node.withheld if other in node.neighbours and other not in hub)
    revision = node.revision + (declined != node.declined)
    return replace(node, declined=declined, withheld=withheld, revision=revision), released


def declines(node: Node, other: str) -> bool:
    """Whether an edge must not reach the component: it is withheld, or its evidence is too old to be stored."""
    return other in node.withheld or (other not in node.neighbours and other not in node.declined)


def _is_hub_with(node: Node, limit: int, window: int) -> frozenset[str]:
    """The neighbours whose latest evidence is of a time at which the node is a hub.

    :param window: in periods.
    """
    if len(node.neighbours) <= limit:
        return frozenset()
    periods = _periods(node)
    starts, ends = sorted(first for first, _ in periods.values()), sorted(last for _, last in periods.values())

    def count(period: int) -> int:
        # Of neighbours that are not stored any more the first period is lost; to count the same in any order, all are
        # taken to be as old as can be.
        started = len(starts) if node.overflowed else bisect_right(starts, period + window)
        return started - bisect_left(ends, period - window)

    return frozenset(other for other, (_, last) in periods.items() if count(last) > limit)


def _without_oldest(node: Node, capacity: int) -> tuple[Node, tuple[str, ...]]:
    """The node without the neighbours beyond its capacity, those with the oldest evidence, and these neighbours."""
    if len(node.neighbours) <= capacity:
        return node, ()
    by_age = sorted((last, other) for other, (_, last) in _periods(node).items())
    oldest = tuple(other for _, other in by_age[: len(by_age) - capacity])
    neighbours = {other: first for other, first in node.neighbours.items() if other not in oldest}
    last_periods = {other: period for other, period in node.last_periods.items() if other not in oldest}
    return replace(node, neighbours=neighbours, last_periods=last_periods, overflowed=True), oldest


def _periods(node: Node) -> dict[str, tuple[int, int]]:
    """The first and the last period of each neighbour that is no placeholder."""
    return {
        other: (period_of(first), last_period_of(node, other))
        for other, first in node.neighbours.items()
        if not is_blocked(other)
    }
