"""The decision: the first route, by a total order over the brand's routes, that applies; and why every other lost."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from processors.context.holdout import HELD_OUT
from processors.context.situation import Situation
from processors.experiments.exposure import unmet_variant
from schemas.brand.model import Route, When
from schemas.brand.rendered import MAX_REASON_BYTES
from schemas.events import Candidate


@dataclass(frozen=True, slots=True)
class Decision:
    """``winner`` is None when no route applies or the visitor is held out; ``candidates`` has every route in the order
    of evaluation. ``eligible`` are the routes whose other conditions hold where there are some on experiments: which of
    them answers is up to the visitor's variants."""

    winner: Route | None
    candidates: tuple[Candidate, ...]
    eligible: tuple[Route, ...] = ()


def decide(
    routes: tuple[Route, ...],
    situation: Situation,
    unknown: frozenset[str] = frozenset(),
    faults: Mapping[str, str] = MappingProxyType({}),
    lost: Mapping[str, str] = MappingProxyType({}),
) -> Decision:
    """Decides for the first route, in the brand's order (priority, then id), whose conditions all hold and whose texts
    can be filled in. A held-out visitor gets none; then the first route that lost because of it is the one that would
    have answered.

    :param unknown: the placeholders that have no value. :param faults: why each expression of the routes does not hold.
    :param lost: why routes may not answer now, by route.
    """
    winner: Route | None = None
    candidates, eligible, variants = [], [], situation.variants
    for route in routes:
        lost_because = _lost_because(route, situation, unknown, faults) or lost.get(route.id, "")
        if not lost_because:
            eligible.append(route)
            lost_because = unmet_variant(route.when, variants)
        if not lost_because:
            if situation.held_out is True:
                lost_because = HELD_OUT
            elif winner is None:
                winner = route
            else:
                lost_because = f"outranked by {winner.id}"
        candidates.append(Candidate(route.id, route.priority, lost_because))
    return Decision(winner, tuple(candidates), tuple(eligible))


def _lost_because(route: Route, situation: Situation, unknown: frozenset[str], faults: Mapping[str, str]) -> str:
    """Why a route does not apply, in at most :data:`MAX_REASON_BYTES`; empty when it does."""
    reason = (
        _unmet_place(route.when, situation)
        or _unmet_condition(route.when, situation, route.promotes_product)
        or (faults[route.expression] if route.expression else "")
    )
    if not reason and unknown and (missing := route.action.needs() & unknown):
        reason = f"{{{min(missing)}}} is unknown"
    if len(reason) * 4 > MAX_REASON_BYTES:
        # Names come from events, and each answer lists every route: together they must fit into a record.
        return reason.encode()[: MAX_REASON_BYTES - 3].decode(errors="ignore") + "…"
    return reason


def unmet(when: When, now: Situation) -> str:
    """The first of these conditions that does not hold, in words; empty when all hold."""
    return _unmet_place(when, now) or _unmet_condition(when, now)


def _unmet_place(when: When, now: Situation) -> str:
    """The first condition on the tag and its place that does not hold, in words; empty when all hold."""
    if when.types and now.type not in when.types:
        return f"type is {now.type or 'unknown'}"
    if when.placements and now.placement not in when.placements:
        return f"placement is {now.placement or 'unknown'}"
    if when.stores and now.store not in when.stores:
        return f"store is {now.store or 'unknown'}"
    if when.tags and now.tag not in when.tags:
        return f"tag is {now.tag or 'unknown'}"
    if when.categories and now.category not in when.categories:
        return f"category is {now.category or 'unknown'}"
    return ""


def _unmet_trust(when: When, now: Situation) -> str:
    if when.trust_at_least is None or isinstance(now.trust, msgspec.UnsetType):
        return ""
    return f"trust is {now.trust}, needs {when.trust_at_least}" if now.trust < when.trust_at_least else ""


def _unmet_condition(when: When, now: Situation, promotes_product: bool = False) -> str:
    """The first other condition that does not hold, in words; empty when all hold."""
    if lost_because := _unmet_trust(when, now):
        return lost_because
    if when.open is not None and now.open != when.open:
        if now.open is None:
            return "opening hours are unknown"
        return "store is open" if now.open else "store is closed"
    if when.in_store is not None and now.in_store != when.in_store:
        return "in the store" if now.in_store else "not in the store"
    if lost_because := _unmet_stock(when, now, promotes_product):
        return lost_because
    if when.visits_at_least is not None and now.visits < when.visits_at_least:
        return f"visits are {now.visits}, needs {when.visits_at_least}"
    if when.bought is not None and now.bought != when.bought:
        return "bought before" if now.bought else "not bought before"
    return _unmet_history(when, now)


def _unmet_stock(when: When, now: Situation, promotes_product: bool) -> str:
    if promotes_product and now.stock == 0:
        return "out of stock"
    if when.stock_at_least is None and when.stock_at_most is None:
        return ""
    if now.stock is None:
        return "stock is unknown"
    if when.stock_at_least is not None and now.stock < when.stock_at_least:
        return f"stock is {now.stock}, needs {when.stock_at_least}"
    if when.stock_at_most is not None and now.stock > when.stock_at_most:
        return f"stock is {now.stock}, at most {when.stock_at_most} wanted"
    return ""


def _unmet_history(when: When, now: Situation) -> str:
    history = now.history
    if isinstance(history, msgspec.UnsetType):
        return ""
    if when.purchases_at_least is not None and history.purchases < when.purchases_at_least:
        return f"purchases are {history.purchases}, needs {when.purchases_at_least}"
    if when.spent_at_least is not None and history.spent < when.spent_at_least:
        return f"spent less than {when.spent_at_least}"
    days = history.bought_days_ago
    if when.bought_within_days is not None and (days is None or days >= when.bought_within_days):
        return f"nothing bought within {when.bought_within_days} days"
    if when.bought_categories and not any(category in history.categories for category in when.bought_categories):
        return f"nothing bought of {', '.join(when.bought_categories)}"
    return ""
