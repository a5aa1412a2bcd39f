"""What context remembers of a visitor."""

import msgspec

from schemas import kinds
from schemas.events import TouchpointIdentified

VISIT_GAP_US = 30 * 60 * 1_000_000
"""A touch in a store after half an hour without one begins a new visit (the usual session gap of web analytics)."""
BOUGHT_KEPT = 32
PHYSICAL = kinds.FAMILIES["sensor"] | kinds.FAMILIES["till"]
IN_STORE_PLACEMENTS = frozenset({"store", "zone", "product", "shelf", "screen", "door", "till", "staff_badge"})


class Visitor(msgspec.Struct, frozen=True, array_like=True):
    """``visits_of`` counts store visits, the present one included, by the person id under which they were made:
    joining two people twice counts nothing twice. ``last_seen`` (microseconds) and ``store`` tell the last touch in a
    store (``store`` is empty after leaving); ``bought`` holds the last products bought, newest last."""

    visits_of: dict[str, int] = {}
    last_seen: int = 0
    store: str = ""
    bought: tuple[str, ...] = ()

    @property
    def visits(self) -> int:
        return sum(self.visits_of.values())

    def after(self, event: TouchpointIdentified) -> "Visitor":
        """The visitor once the event has happened. A late event adds what was bought, and changes no whereabouts."""
        bought = self.bought
        if event.type == kinds.SALE:
            skus = [line.sku for line in event.lines] or [event.product]
            bought = tuple(dict.fromkeys((*(b for b in bought if b not in skus), *(s for s in skus if s))))[
                -BOUGHT_KEPT:
            ]
        if not is_in_store(event) or event.occurred_at < self.last_seen:
            return msgspec.structs.replace(self, bought=bought)
        left = event.type == "store_exit"
        begins = not left and (event.store != self.store or event.occurred_at - self.last_seen > VISIT_GAP_US)
        visits = self.visits_of.get(event.person_id, 0) + begins
        return Visitor(
            visits_of=self.visits_of | {event.person_id: visits} if begins else self.visits_of,
            last_seen=event.occurred_at,
            store="" if left else event.store,
            bought=bought,
        )


def is_in_store(event: TouchpointIdentified) -> bool:
    """Whether the event shows its person inside a store. A poster or a receipt names a store too, and hangs
    elsewhere."""
    return (
        bool(event.store) and event.type in PHYSICAL and (not event.placement or event.placement in IN_STORE_PLACEMENTS)
    )
