"""What the visitor did before, as far as they allow it to count."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from processors.context.history import DAY_US
from processors.context.inputs.of_situation import OF_HISTORY
from processors.context.inputs.scene import Scene


def _days_since_visit(scene: Scene) -> int | None:
    before = scene.whole.before
    return max(0, scene.event.occurred_at - before) // DAY_US if before else None


def _viewed_product(scene: Scene) -> str | None:
    return next((product for at, product in reversed(scene.whole.viewed) if at <= scene.event.occurred_at), None)


def _viewed_categories(scene: Scene) -> list[str]:
    products = (scene.reference.brand.products.get(product) for _, product in scene.whole.viewed)
    return sorted({product.category for product in products if product is not None and product.category})


def _of_history(name: str) -> Callable[[Scene], Any]:
    read = OF_HISTORY[name]
    return lambda scene: read(scene.history)


def _answers(scene: Scene) -> dict[str, str]:
    return {question: answer.text for question, answer in scene.visitor.profile.given.items()}


BEHAVIOUR: Final[Mapping[str, Callable[[Scene], Any]]] = {
    "behaviour.days_since_visit": _days_since_visit,
    "behaviour.viewed_product": _viewed_product,
    "behaviour.viewed_categories": _viewed_categories,
    "profile.answers": _answers,
    **{name: _of_history(name) for name in OF_HISTORY},
}
