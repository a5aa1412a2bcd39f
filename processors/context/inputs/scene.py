"""A scan with everything that its inputs are read from."""

import msgspec

from processors.context.history import History, history_of
from processors.context.inputs.nearest import nearest_with
from processors.context.inputs.whereabouts import Whereabouts, whereabouts
from processors.context.situation import Situation
from processors.context.state import Visitor, VisitorPart
from processors.reference import Reference
from schemas.events import TouchpointIdentified


class Scene:
    """``visitor`` includes the event, and is nobody in particular where the person does not allow more. What several
    inputs are read from is worked out once, and only if one of them is read."""

    __slots__ = ("_history", "_nearest", "_place", "event", "now", "reference", "visitor", "whole")

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
        self._place: Whereabouts | msgspec.UnsetType | None = msgspec.UNSET
        self._nearest: tuple[int, str] | msgspec.UnsetType | None = msgspec.UNSET
        self._history = situation.history

    @property
    def place(self) -> Whereabouts | None:
        if self._place is msgspec.UNSET:
            self._place = whereabouts(self.whole, self.event, self.now, self.reference)
        return self._place

    @property
    def nearest(self) -> tuple[int, str] | None:
        """Metres to the nearest other store that is known to have the product at hand, and its id."""
        if self._nearest is msgspec.UNSET:
            origin = self.event.store or (self.place.store if self.place is not None else "")
            self._nearest = nearest_with(self.event.product, origin, self.reference)
        return self._nearest

    @property
    def history(self) -> History:
        if isinstance(self._history, msgspec.UnsetType):
            currency = self.reference.brand.about.currency
            self._history = history_of(self.visitor.histories.values(), self.event.occurred_at, currency)
        return self._history
