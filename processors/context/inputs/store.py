"""What the store at hand and those around it have."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from processors.context.inputs.scene import Scene
from schemas.expressions.inputs import LIST_KEPT


def _capacity(field: str) -> Callable[[Scene], Any]:
    """What services of the store at hand report, by service; those that expired, or did not state it, are unknown."""

    def read(scene: Scene) -> dict[str, int] | None:
        reference, now = scene.reference, scene.event.occurred_at
        reports = reference.capacity.get(scene.event.store)
        if not reports:
            return None
        fresh = ((one.service, getattr(one, field)) for one in reports.values() if now < one.expires_at)
        stated = sorted((service, number) for service, number in fresh if number is not None)
        return dict(stated[:LIST_KEPT]) or None

    return read


STORE: Final[Mapping[str, Callable[[Scene], Any]]] = {
    "inventory.nearest_store": lambda scene: scene.nearest[1] if scene.nearest else None,
    "inventory.nearest_m": lambda scene: scene.nearest[0] if scene.nearest else None,
    "capacity.free": _capacity("free"),
    "capacity.queue": _capacity("queue_length"),
    "capacity.wait_s": _capacity("wait_s"),
}
