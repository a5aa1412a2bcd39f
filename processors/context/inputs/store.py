"""The store at hand: what it has, its queues."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from processors.context.inputs.scene import Scene

STORE: Final[Mapping[str, Callable[[Scene], Any]]] = {
    "inventory.stock": lambda scene: scene.now.stock,
}
