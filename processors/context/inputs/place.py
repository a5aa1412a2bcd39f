"""Where the person is (``whereabouts``), field by field."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from processors.context.inputs.scene import Scene


def _field(name: str) -> Callable[[Scene], Any]:
    def read(scene: Scene) -> Any:
        found = scene.place
        return None if found is None else getattr(found, name) or (0 if name == "age_s" else None)

    return read


PLACE: Final[Mapping[str, Callable[[Scene], Any]]] = {
    "place.kind": _field("kind"),
    "place.store": _field("store"),
    "place.evidence": _field("evidence"),
    "place.age_s": _field("age_s"),
}
