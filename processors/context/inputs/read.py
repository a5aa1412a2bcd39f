"""The inputs of the routes' expressions at a scan."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from processors import expressions
from processors.context.inputs.behaviour import BEHAVIOUR
from processors.context.inputs.place import PLACE
from processors.context.inputs.scene import Scene
from processors.context.inputs.store import STORE
from schemas.expressions.inputs import CONTEXT, names_read_by


def _of_event(name: str) -> Callable[[Scene], Any]:
    read = expressions.READ[name]
    return lambda scene: read(scene.event, scene.reference.brand)


def _nothing(scene: Scene) -> None:
    """What nothing says yet."""


READ: Final[Mapping[str, Callable[[Scene], Any]]] = {
    **dict.fromkeys(names_read_by(CONTEXT) - expressions.CLOCK.keys(), _nothing),
    **{name: _of_event(name) for name in expressions.READ if name in names_read_by(CONTEXT)},
    # As ``when`` reads them: the brand's own word on the tag.
    "tag.placement": lambda scene: scene.now.placement or None,
    **PLACE,
    **STORE,
    **BEHAVIOUR,
}
"""How each input is read; None is unknown."""


def values_of(names: tuple[str, ...], scene: Scene) -> dict[str, Any]:
    """The values of those of the named inputs that are known."""
    found = dict(expressions.clock_values(names, scene.event, scene.reference.brand))
    for name in names:
        if name in expressions.CLOCK:
            continue
        value = READ[name](scene)
        if value is not None:
            found[name] = value
    return found
