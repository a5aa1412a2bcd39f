"""What the visitor did before, as far as they allow it to count."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from processors.context.inputs.scene import Scene
from schemas.consent.permission import Why
from schemas.expressions.inputs import LIST_KEPT

ALLOWED: Final = frozenset((Why.GRANTED.value, Why.OPT_OUT.value))


def _consent(scene: Scene) -> bool | None:
    why = scene.now.consent
    return why in ALLOWED if isinstance(why, str) else None


BEHAVIOUR: Final[Mapping[str, Callable[[Scene], Any]]] = {
    "behaviour.visits": lambda scene: scene.now.visits,
    "behaviour.bought_product": lambda scene: scene.now.bought,
    "behaviour.bought_categories": lambda scene: list(scene.history.categories[:LIST_KEPT]),
    "behaviour.purchases": lambda scene: scene.history.purchases,
    "behaviour.spent": lambda scene: float(scene.history.spent),
    "behaviour.days_since_purchase": lambda scene: scene.history.bought_days_ago,
    "behaviour.consent": _consent,
}
