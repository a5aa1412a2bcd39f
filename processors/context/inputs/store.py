"""What the store at hand and those around it have."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from processors.context.inputs.scene import Scene

STORE: Final[Mapping[str, Callable[[Scene], Any]]] = {
    "inventory.nearest_store": lambda scene: scene.nearest[1] if scene.nearest else None,
    "inventory.nearest_m": lambda scene: scene.nearest[0] if scene.nearest else None,
}
