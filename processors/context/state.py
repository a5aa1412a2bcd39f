"""What context remembers of a visitor."""
import msgspec

from schemas.events import TouchpointIdentified

VISIT_GAP_US = 30 * 60 * 1_000_000
"""A touch in a store after half an hour without one begins a new visit (the usual session gap of web analytics)."""
BOUGHT_KEPT = 32


class Visitor(msgspec.Struct, frozen=True, array_like=True):
    """``visits`` counts store visits, the present one included; times are microseconds; ``store`` is where they were last
    (empty after leaving); ``bought`` holds the last products bought, newest last."""

    visits: int = 0
    last_seen: int = 0
    store: str = ""
    bought: tuple[str, ...] = ()

    def after(self, event: TouchpointIdentified) -> "Visitor":
        """The visitor once the event has happened. A late event adds what was bought, and changes no whereabouts."""
        bought = self.bought
        if event.type == "sale":
            skus = [line.sku for line in event.lines] or [event.product]
            bought = tuple(dict.fromkeys((*(b for b in bought if b not in skus), *(s for s in skus if s))))[-BOUGHT_KEPT:]
        if event.occurred_at < self.last_seen:
            return msgspec.structs.replace(self, bought=bought)
        begins = bool(event.store) and (event.store != self.store or event.occurred_at - self.last_seen > VISIT_GAP_US)
        left = event.type == "store_exit"
        return Visitor(
            visits=self.visits + (begins and not left),
            last_seen=event.occurred_at,
            store="" if left else event.store or self.store,
            bought=bought,
        )
