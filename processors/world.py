"""The reference data that cores may look at: the brand's configuration and the live stock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.brand.model import Brand


@dataclass(frozen=True, slots=True)
class World:
    """What is known at a moment. ``stock`` gives the units on hand by (store, sku). ``memo`` is for what pure functions
    of the brand gave before: another brand makes another world."""

    brand: Brand
    stock: Mapping[tuple[str, str], int] = field(default_factory=dict)
    memo: dict[Any, Any] = field(default_factory=dict, compare=False)
