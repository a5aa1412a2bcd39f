"""Inputs that every situation has: a stored decision can be asked for them whether its brand read them or not."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from processors.context.history import History
from processors.context.situation import Situation
from schemas.consent.permission import Why
from schemas.expressions.inputs import LIST_KEPT

ALLOWED: Final = frozenset((Why.GRANTED.value, Why.OPT_OUT.value))


def values_of_situation(now: Situation) -> dict[str, Any]:
    """The values of all those inputs that are known."""
    read = ((name, of_now(now)) for name, of_now in OF_SITUATION.items())
    found = {name: value for name, value in read if value is not None}
    history = now.history
    return found if isinstance(history, msgspec.UnsetType) else found | of_history(history)


def of_history(history: History) -> dict[str, Any]:
    """The inputs of a history."""
    read = ((name, of_past(history)) for name, of_past in OF_HISTORY.items())
    return {name: value for name, value in read if value is not None}


def _consent(now: Situation) -> bool | None:
    return now.consent in ALLOWED if isinstance(now.consent, str) else None


OF_SITUATION: Final[Mapping[str, Callable[[Situation], Any]]] = {
    "event.type": lambda now: now.type,
    "tag.id": lambda now: now.tag or None,
    # As ``when`` reads it: the brand's own word on the tag.
    "tag.placement": lambda now: now.placement or None,
    "store.id": lambda now: now.store or None,
    "store.open": lambda now: now.open,
    "product.id": lambda now: now.product or None,
    "product.category": lambda now: now.category or None,
    "place.in_store": lambda now: now.in_store,
    "behaviour.visits": lambda now: now.visits,
    "behaviour.bought_product": lambda now: now.bought,
    "behaviour.consent": _consent,
    "inventory.stock": lambda now: now.stock,
}
OF_HISTORY: Final[Mapping[str, Callable[[History], Any]]] = {
    "behaviour.bought_categories": lambda history: list(history.categories[:LIST_KEPT]),
    "behaviour.purchases": lambda history: history.purchases,
    "behaviour.spent": lambda history: float(history.spent),
    "behaviour.days_since_purchase": lambda history: history.bought_days_ago,
}
