"""The decision: one action, by a total order over the brand's routes, and why every other route lost."""

from collections.abc import Iterator
from dataclasses import dataclass

from processors.context.situation import Situation
from schemas.brand.model import Route, When
from schemas.events import Candidate

FALLBACK = "fallback"
"""Name of the route when none applies: the tag's fallback answers."""


@dataclass(frozen=True, slots=True)
class Decision:
    """``winner`` is None when no route applies; ``candidates`` has every route in the order in which they were
    weighed."""

    winner: Route | None
    candidates: tuple[Candidate, ...]


def decide(routes: tuple[Route, ...], situation: Situation) -> Decision:
    """The first route, in the brand's order (priority, then id), whose conditions all hold."""
    winner: Route | None = None
    candidates = []
    for route in routes:
        lost_because = next(_objections(route, situation), "")
        if not lost_because:
            if winner is None:
                winner = route
            else:
                lost_because = f"outranked by {winner.id}"
        candidates.append(Candidate(route.id, route.priority, lost_because))
    return Decision(winner, tuple(candidates))


def _objections(route: Route, now: Situation) -> Iterator[str]:
    """Why the route does not apply, the first reason first."""
    when = route.when
    for allowed, actual, name in (
        (when.types, now.type, "type"),
        (when.placements, now.placement, "placement"),
        (when.stores, now.store, "store"),
        (when.tags, now.tag, "tag"),
        (when.categories, now.category, "category"),
    ):
        if allowed and actual not in allowed:
            yield f"{name} is {actual or 'unknown'}"
    yield from _about_place(when, now)
    yield from _about_stock(route, now)
    if when.visits_at_least is not None and now.visits < when.visits_at_least:
        yield f"visits are {now.visits}, needs {when.visits_at_least}"
    if when.bought is not None and now.bought != when.bought:
        yield "bought before" if now.bought else "not bought before"


def _about_place(when: When, now: Situation) -> Iterator[str]:
    if when.open is not None and now.open != when.open:
        yield (
            "opening hours are unknown"
            if now.open is None
            else f"store is {'open' if now.open else 'closed'} at {now.local_time}"
        )
    if when.in_store is not None and now.in_store != when.in_store:
        yield "in the store" if now.in_store else "not in the store"


def _about_stock(route: Route, now: Situation) -> Iterator[str]:
    when = route.when
    if route.promotes_product and now.stock == 0:
        yield "out of stock"
    if when.stock_at_least is None and when.stock_at_most is None:
        return
    if now.stock is None:
        yield "stock is unknown"
        return
    if when.stock_at_least is not None and now.stock < when.stock_at_least:
        yield f"stock is {now.stock}, needs {when.stock_at_least}"
    if when.stock_at_most is not None and now.stock > when.stock_at_most:
        yield f"stock is {now.stock}, at most {when.stock_at_most} wanted"
