"""The inputs of the routes' expressions at a scan."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from processors import expressions
from processors.context.inputs.behaviour import BEHAVIOUR
from processors.context.inputs.of_situation import OF_SITUATION
from processors.context.inputs.place import PLACE
from processors.context.inputs.scene import Scene
from processors.context.inputs.store import STORE
from schemas.expressions.inputs import BY_NAME, CLOCK
from schemas.expressions.inputs import PLACE as WITH_PLACE

OF_SCENE: Final[Mapping[str, Callable[[Scene], Any]]] = {**PLACE, **STORE, **BEHAVIOUR}
MINUTE_US: Final = 60_000_000
MINUTES_KEPT: Final = 4096
"""Of places: what the place and the clock of its store say is the same at each scan there in a minute."""
NOT_YET: Final = frozenset(("person.segments",))
"""Inputs that nothing says yet: always unknown."""


class Reader:
    """Reads those of the named inputs that are known at a scan, each from where it is: the clock of the store, the
    situation, the event with the brand, or the whole scene. For one version of a brand."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        here = frozenset(name for name in names if BY_NAME[name].changes_with in (WITH_PLACE, CLOCK))
        self._of_scene = [(name, OF_SCENE[name]) for name in names if name in OF_SCENE]
        of_now = [(name, OF_SITUATION[name]) for name in names if name in OF_SITUATION]
        of_event = [
            (name, expressions.READ[name])
            for name in names
            if name in expressions.READ and name not in OF_SITUATION and name not in OF_SCENE
        ]
        self._now_here = [one for one in of_now if one[0] in here]
        self._event_here = [one for one in of_event if one[0] in here]
        self._of_now = [one for one in of_now if one[0] not in here]
        self._of_event = [one for one in of_event if one[0] not in here]
        self._places: dict[tuple[Any, ...], Mapping[str, Any]] = {}

    def values(self, scene: Scene) -> dict[str, Any]:
        event, now, brand = scene.event, scene.now, scene.reference.brand
        minute = event.occurred_at // MINUTE_US
        key = event.type, event.tag, event.store, event.product, event.campaign, event.placement, minute
        here = self._places.get(key)
        if here is None:
            if len(self._places) >= MINUTES_KEPT:
                self._places.clear()
            here = self._places[key] = self._here(scene)
        found = dict(here)
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

    def _here(self, scene: Scene) -> dict[str, Any]:
        found = dict(expressions.clock_values(self._names, scene.event, scene.reference.brand))
        found |= {name: of_now(scene.now) for name, of_now in self._now_here}
        found |= {name: of_event(scene.event, scene.reference.brand) for name, of_event in self._event_here}
        return {name: value for name, value in found.items() if value is not None}
