"""The decision: one action, by a total order over the brand's routes, and why every other route lost."""

from dataclasses import dataclass

import msgspec

from processors.context.holdout import HELD_OUT
from processors.context.situation import Situation
from schemas.brand.model import Route, When
from schemas.events import Candidate

FALLBACK = "fallback"
"""Name of the route when none applies: the tag's fallback answers."""


@dataclass(frozen=True, slots=True)
class Decision:
    """``winner`` is None when no route applies or the visitor is held out; ``candidates`` has every route in the order
    in which they were weighed."""

    winner: Route | None
    candidates: tuple[Candidate, ...]


def decide(routes: tuple[Route, ...], situation: Situation) -> Decision:
    """The first route, in the brand's order (priority, then id), whose conditions all hold; none for somebody who is
    held out, and the first that lost because of it is the one that would have answered."""
    winner: Route | None = None
    candidates = []
    for route in routes:
        lost_because = _wrong_place(route.when, situation) or _objection(route, situation)
        if not lost_because:
            if situation.held_out is True:
                lost_because = HELD_OUT
            elif winner is None:
                winner = route
            else:
                lost_because = f"outranked by {winner.id}"
        candidates.append(Candidate(route.id, route.priority, lost_because))
    return Decision(winner, tuple(candidates))


def _wrong_place(when: When, now: Situation) -> str:
    """The first condition on the place that does not hold."""
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


def _objection(route: Route, now: Situation) -> str:
    """Why the route does not apply although the place is right: the first reason, or nothing."""
    when = route.when
    if when.open is not None and now.open != when.open:
        if now.open is None:
            return "opening hours are unknown"
        return "store is open" if now.open else "store is closed"
    if when.in_store is not None and now.in_store != when.in_store:
        return "in the store" if now.in_store else "not in the store"
    if scarce := _about_stock(route, now):
        return scarce
    if when.visits_at_least is not None and now.visits < when.visits_at_least:
        return f"visits are {now.visits}, needs {when.visits_at_least}"
    if when.bought is not None and now.bought != when.bought:
        return "bought before" if now.bought else "not bought before"
    return _about_history(when, now)


def _about_stock(route: Route, now: Situation) -> str:
    when = route.when
    if route.promotes_product and now.stock == 0:
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


def _about_history(when: When, now: Situation) -> str:
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
