"""Where the person is, by the freshest evidence."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from processors.context.inputs.scene import Scene

PLACE: Final[Mapping[str, Callable[[Scene], Any]]] = {
    "place.in_store": lambda scene: scene.now.in_store,
}
