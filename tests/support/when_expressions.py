"""``when`` as an expression with the same meaning."""

import json
from collections.abc import Iterable

from schemas.brand.model import When


def expression_of_when(when: When) -> str:
    """CEL that holds where ``when`` does; ``true`` where it has no condition."""
    conditions = [
        *(
            f"{name} in {_list(values)}"
            for name, values in (
                ("event.type", when.types),
                ("tag.placement", when.placements),
                ("store.id", when.stores),
                ("tag.id", when.tags),
                ("product.category", when.categories),
            )
            if values
        ),
        *(
            name if wanted else f"!{name}"
            for name, wanted in (
                ("store.open", when.open),
                ("place.in_store", when.in_store),
                ("behaviour.bought_product", when.bought),
            )
            if wanted is not None
        ),
        *(
            f"{name} {than} {number}"
            for name, than, number in (
                ("inventory.stock", ">=", when.stock_at_least),
                ("inventory.stock", "<=", when.stock_at_most),
                ("behaviour.visits", ">=", when.visits_at_least),
                ("behaviour.purchases", ">=", when.purchases_at_least),
                ("behaviour.spent", ">=", when.spent_at_least),
                ("behaviour.days_since_purchase", "<", when.bought_within_days),
            )
            if number is not None
        ),
    ]
    if when.bought_categories:
        conditions.append(f"behaviour.bought_categories.exists(c, c in {_list(when.bought_categories)})")
    return " && ".join(conditions) or "true"


def _list(values: Iterable[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)
