"""The inputs of the routes' expressions at a scan."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from processors import expressions
from processors.context.inputs.behaviour import BEHAVIOUR
from processors.context.inputs.of_situation import OF_SITUATION
from processors.context.inputs.place import PLACE
from processors.context.inputs.scene import Scene
from processors.context.inputs.store import STORE

OF_SCENE: Final[Mapping[str, Callable[[Scene], Any]]] = {**PLACE, **STORE, **BEHAVIOUR}
NOT_YET: Final = frozenset(("person.segments",))
"""Inputs that nothing says yet: always unknown."""


class Reader:
    """Reads those of the named inputs that are known at a scan, each from where it is: the clock of the store, the
    situation, the event with the brand, or the whole scene."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._of_now = [(name, OF_SITUATION[name]) for name in names if name in OF_SITUATION]
        self._of_scene = [(name, OF_SCENE[name]) for name in names if name in OF_SCENE]
        self._of_event = [
            (name, expressions.READ[name])
            for name in names
            if name in expressions.READ and name not in OF_SITUATION and name not in OF_SCENE
        ]

    def values(self, scene: Scene) -> dict[str, Any]:
        event, now, brand = scene.event, scene.now, scene.reference.brand
        found = dict(expressions.clock_values(self._names, event, brand))
        for name, of_now in self._of_now:
            if (value := of_now(now)) is not None:
                found[name] = value
        for name, of_event in self._of_event:
            if (value := of_event(event, brand)) is not None:
                found[name] = value
        for name, of_scene in self._of_scene:
            if (value := of_scene(scene)) is not None:
                found[name] = value
        return found
