"""Section ``retention``: how long what people did is kept, where it is not kept for ever.

`footpath topics apply` sets it for the topics, the sink for the tables of the store.
"""

from collections.abc import Iterator
from typing import ClassVar, Final

from schemas.brand.item import Item, Mistake, Sections, unknown_name

PROPERTIES, SIGHTINGS, TOPICS = "properties", "sightings", "topics"
SUBJECTS: Final = (PROPERTIES, SIGHTINGS, TOPICS)
LEAST_DAYS: Final = {PROPERTIES: 1, SIGHTINGS: 1, TOPICS: 90}
"""Topics: as long as an event that is sent again counts once (`schemas.topics.INTAKE_WINDOW_MS`)."""
MOST_DAYS: Final = 36_500


class Retention(Item, frozen=True):
    """One subject and its days, counted from when the gateway received an event.

    ``properties``: what senders wrote beside the fields of an event, and the inputs of decisions; the event stays
    without them. ``sightings``: sightings by beacons and Wi-Fi, the whole events. ``topics``: touchpoints and decisions
    on their topics; the tables and the state of people keep what follows from them, but neither can be made anew from
    what the topics have lost.
    """

    section: ClassVar[str] = "retention"
    kind: ClassVar[str] = "retention"

    days: int

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        yield from unknown_name("id", self.id, SUBJECTS, "nothing that is kept is called")
        least = LEAST_DAYS.get(self.id, 1)
        if not least <= self.days <= MOST_DAYS:
            yield "days", f"{self.days} must be from {least} to {MOST_DAYS}"
