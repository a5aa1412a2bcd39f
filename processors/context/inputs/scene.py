"""A scan with everything that its inputs are read from."""

from collections.abc import Callable
from typing import Any

from processors.context.history import History, history_of
from processors.context.inputs.nearest import nearest_with
from processors.context.inputs.whereabouts import Whereabouts, whereabouts
from processors.context.situation import Situation
from processors.context.state import Visitor, VisitorPart
from processors.reference import Reference
from schemas.events import TouchpointIdentified


class Scene:
    """``visitor`` includes the event, and is nobody in particular where the person does not allow more."""

    def __init__(
        self,
        visitor: Visitor,
        whole: VisitorPart,
        event: TouchpointIdentified,
        situation: Situation,
        reference: Reference,
    ) -> None:
        self.visitor = visitor
        self.whole = whole
        self.event = event
        self.now = situation
        self.reference = reference

        self._read: dict[str, Any] = {}

    @property
    def place(self) -> Whereabouts | None:
        found: Whereabouts | None = self._once(
            "place", lambda: whereabouts(self.whole, self.event, self.now, self.reference)
        )
        return found

    @property
    def nearest(self) -> tuple[int, str] | None:
        """Metres to the nearest other store that is known to have the product at hand, and its id."""
        found: tuple[int, str] | None = self._once("nearest", self._nearest)
        return found

    @property
    def history(self) -> History:
        found: History = self._once("history", self._history)
        return found

    def _once(self, name: str, read: Callable[[], Any]) -> Any:
        # cached_property takes a lock in Python 3.11: a microsecond each.
        if name not in self._read:
            self._read[name] = read()
        return self._read[name]

    def _nearest(self) -> tuple[int, str] | None:
        origin = self.event.store or (self.place.store if self.place is not None else "")
        return nearest_with(self.event.product, origin, self.reference)

    def _history(self) -> History:
        if isinstance(self.now.history, History):
            return self.now.history
        currency = self.reference.brand.about.currency
        return history_of(self.visitor.histories.values(), self.event.occurred_at, currency)
