"""What context remembers of a visitor."""

from typing import Final

import msgspec

from schemas import kinds
from schemas.events import TouchpointIdentified

VISIT_GAP_US = 30 * 60 * 1_000_000
"""A touch in a store after half an hour without one begins a new visit (the usual session gap of web analytics)."""
BOUGHT_KEPT = 32
PHYSICAL = kinds.FAMILIES["sensor"] | kinds.FAMILIES["till"]
IN_STORE_PLACEMENTS = frozenset({"store", "zone", "product", "shelf", "screen", "door", "till", "staff_badge"})


class Part(msgspec.Struct, frozen=True, array_like=True):
    """Of one own person, or of several as one: ``visits`` counts store visits, the present one included; ``last_seen``
    (microseconds) and ``store`` tell the last touch in a store (``store`` is empty after leaving); ``bought`` holds the
    last products bought, newest last."""

    visits: int = 0
    last_seen: int = 0
    store: str = ""
    bought: tuple[str, ...] = ()

    def joined(self, other: "Part") -> "Part":
        """The same own person's as two people had it. What both counted is the same: a name changes in the middle of a
        visit, hardly ever twice in one."""
        later, earlier = (self, other) if self.last_seen >= other.last_seen else (other, self)
        return Part(
            max(self.visits, other.visits),
            later.last_seen,
            later.store,
            (*(b for b in earlier.bought if b not in later.bought), *later.bought)[-BOUGHT_KEPT:],
        )


NOTHING: Final = Part()


class Visitor(msgspec.Struct, frozen=True, array_like=True):
    """``parts`` has what each own person did, and nothing of the others."""

    parts: dict[str, Part] = {}

    @property
    def whole(self) -> Part:
        """All parts as one: the latest whereabouts, all visits, all that was bought."""
        if len(self.parts) <= 1:
            return next(iter(self.parts.values()), NOTHING)
        in_order = [part for _, part in sorted(self.parts.items(), key=lambda item: (item[1].last_seen, item[0]))]
        bought = dict.fromkeys(product for part in in_order for product in part.bought)
        latest = in_order[-1]
        return Part(sum(part.visits for part in in_order), latest.last_seen, latest.store, tuple(bought))

    def after(self, event: TouchpointIdentified) -> "Visitor":
        """The visitor once the event has happened. A late event adds what was bought, and changes no whereabouts."""
        own = event.own_person_id or event.person_id
        mine = self.parts.get(own, NOTHING)
        bought = mine.bought
        if event.type == kinds.SALE:
            skus = [line.sku for line in event.lines] or [event.product]
            bought = tuple(dict.fromkeys((*(b for b in bought if b not in skus), *(s for s in skus if s))))[
                -BOUGHT_KEPT:
            ]
        if not is_in_store(event) or event.occurred_at < mine.last_seen:
            if bought == mine.bought:
                return self
            return Visitor({**self.parts, own: Part(mine.visits, mine.last_seen, mine.store, bought)})
        now = self.whole
        left, since = event.type == "store_exit", event.occurred_at - now.last_seen
        begins = not left and since >= 0 and (event.store != now.store or since > VISIT_GAP_US)
        after = Part(mine.visits + begins, event.occurred_at, "" if left else event.store, bought)
        return Visitor({**self.parts, own: after})


def is_in_store(event: TouchpointIdentified) -> bool:
    """Whether the event shows its person inside a store. A poster or a receipt names a store too, and hangs
    elsewhere."""
    return (
        bool(event.store) and event.type in PHYSICAL and (not event.placement or event.placement in IN_STORE_PLACEMENTS)
    )
