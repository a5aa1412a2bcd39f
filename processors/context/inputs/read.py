"""The inputs of the routes' expressions at a scan."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from processors import expressions
from processors.context.inputs.behaviour import BEHAVIOUR
from processors.context.inputs.of_situation import OF_SITUATION
from processors.context.inputs.place import PLACE
from processors.context.inputs.scene import Scene
from processors.context.inputs.store import STORE
from schemas.expressions.inputs import CONTEXT, names_read_by


def _of_event(name: str) -> Callable[[Scene], Any]:
    read = expressions.READ[name]
    return lambda scene: read(scene.event, scene.reference.brand)


def _of_situation(name: str) -> Callable[[Scene], Any]:
    read = OF_SITUATION[name]
    return lambda scene: read(scene.now)


READ: Final[Mapping[str, Callable[[Scene], Any]]] = {
    **{name: _of_event(name) for name in expressions.READ if name in names_read_by(CONTEXT)},
    **{name: _of_situation(name) for name in OF_SITUATION if name not in expressions.CLOCK},
    **PLACE,
    **STORE,
    **BEHAVIOUR,
}
"""How each input is read, those of the clock apart; None is unknown."""
NOT_YET: Final = frozenset(("capacity.free", "capacity.queue", "capacity.wait_s", "person.segments"))
"""Inputs that nothing says yet: always unknown."""


def values_of(names: tuple[str, ...], scene: Scene) -> dict[str, Any]:
    """The values of those of the named inputs that are known."""
    found = dict(expressions.clock_values(names, scene.event, scene.reference.brand))
    for name in names:
        read = READ.get(name)
        value = read(scene) if read is not None else None
        if value is not None:
            found[name] = value
    return found
