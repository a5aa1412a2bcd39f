"""While the identifier key changes: says of each value which identifiers it has, once for each process and value."""

from collections.abc import Iterable

from gateway.brand.live import BrandView
from gateway.identifiers.remembered import Remembered
from schemas.events import TouchpointRecorded
from schemas.identifiers.named import Named, others_of
from schemas.identifiers.rotation import same_value


class ValueLinks:
    """Costs nothing where there is one key."""

    def __init__(self) -> None:
        self._remembered = Remembered()

    def events(self, named: Iterable[Named], brand_view: BrandView, now: int) -> list[TouchpointRecorded]:
        """The events about values that were not seen lately, to be published; :meth:`published` comes after that.

        :param now: in microseconds.
        """
        pseudonyms = brand_view.pseudonyms
        if not pseudonyms.has_others:
            return []
        new = {one.identifier: one for one in named if one.identifier not in self._remembered}
        return [
            same_value(one.identifier, other, brand_view.brand.about.id, now)
            for one in new.values()
            for other in others_of(one, pseudonyms)
        ]

    def published(self, events: Iterable[TouchpointRecorded]) -> None:
        """Kafka or the spool has them."""
        self._remembered.add(event.identifiers[0] for event in events)
