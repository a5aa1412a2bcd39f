"""What context remembers of a visitor."""

from collections.abc import Mapping
from typing import Final

import msgspec

from processors.context.purchases import CATEGORIES_KEPT, NONE, Purchases, Refund, Sale, settled
from schemas import kinds
from schemas.brand.model import Product
from schemas.events import TouchpointIdentified
from schemas.ids import mark

VISIT_GAP_US = 30 * 60 * 1_000_000
"""A touch in a store after half an hour without one begins a new visit (the usual session gap of web analytics)."""
BOUGHT_KEPT = 32
PHYSICAL = kinds.FAMILIES["sensor"] | kinds.FAMILIES["till"]
IN_STORE_PLACEMENTS = frozenset({"store", "zone", "product", "shelf", "screen", "door", "till", "staff_badge"})


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of one own person, or of several as one: ``visits`` counts store visits, the present one included; ``last_seen``
    (microseconds) and ``store`` tell the last touch in a store (``store`` is empty after leaving); ``bought`` holds the
    last products bought, newest last; ``purchases`` is None before the first sale or return."""

    visits: int = 0
    last_seen: int = 0
    store: str = ""
    bought: tuple[str, ...] = ()
    purchases: Purchases | None = None

    def joined(self, other: "Part") -> "Part":
        """The same own person's as two people had it. What both counted is the same: a name changes in the middle of a
        visit, hardly ever twice in one."""
        later, earlier = (self, other) if self.last_seen >= other.last_seen else (other, self)
        purchases = self.purchases or other.purchases
        if self.purchases is not None and other.purchases is not None:
            purchases = self.purchases.joined(other.purchases)
        return Part(
            max(self.visits, other.visits),
            later.last_seen,
            later.store,
            (*(b for b in earlier.bought if b not in later.bought), *later.bought)[-BOUGHT_KEPT:],
            purchases,
        )


NOTHING: Final = Part()


class Visitor(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``parts`` has what each own person did, and nothing of the others."""

    parts: dict[str, Part] = {}

    @property
    def whole(self) -> Part:
        """All parts as one: the latest whereabouts, all visits, all products bought. Sums of purchases are no part's:
        see ``books``."""
        if len(self.parts) <= 1:
            return next(iter(self.parts.values()), NOTHING)
        in_order = [part for _, part in sorted(self.parts.items(), key=lambda item: (item[1].last_seen, item[0]))]
        bought = dict.fromkeys(product for part in in_order for product in part.bought)
        latest = in_order[-1]
        return Part(sum(part.visits for part in in_order), latest.last_seen, latest.store, tuple(bought))

    @property
    def books(self) -> dict[str, Purchases]:
        """What was bought by each own person."""
        return {own: part.purchases for own, part in self.parts.items() if part.purchases is not None}

    def settled(self) -> "Visitor":
        """The visitor once the returns that wait have gone to the sales that are here."""
        books = self.books
        if not any(purchases.waiting for purchases in books.values()):
            return self
        return self._with(settled(books))

    def trading(self, event: TouchpointIdentified, products: Mapping[str, Product]) -> "Visitor":
        """The visitor once a sale is in the books, or a return that names its sale."""
        own, id = event.own_person_id or event.person_id, mark(event.event_id)
        mine = self.parts.get(own, NOTHING).purchases or NONE
        paid = event.currency, event.amount_micros or 0
        if event.type == kinds.SALE:
            known = (products.get(line.sku) for line in event.lines)
            found = {product.category for product in (*known, products.get(event.product)) if product is not None}
            categories = tuple(sorted(found - {""}))[:CATEGORIES_KEPT]
            return self._with({own: mine.with_sale(id, Sale(event.occurred_at, *paid, categories))}).settled()
        if not event.related_event_id:
            return self
        refund = Refund(event.occurred_at, mark(event.related_event_id), *paid)
        return self._with({own: mine.with_waiting(id, refund)}).settled()

    def _with(self, books: Mapping[str, Purchases]) -> "Visitor":
        changed = {
            own: msgspec.structs.replace(self.parts.get(own, NOTHING), purchases=purchases)
            for own, purchases in books.items()
        }
        return Visitor(self.parts | changed)

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
            return Visitor({**self.parts, own: msgspec.structs.replace(mine, bought=bought)})
        now = self.whole
        left, since = event.type == "store_exit", event.occurred_at - now.last_seen
        begins = not left and since >= 0 and (event.store != now.store or since > VISIT_GAP_US)
        after = Part(mine.visits + begins, event.occurred_at, "" if left else event.store, bought, mine.purchases)
        return Visitor({**self.parts, own: after})


def is_in_store(event: TouchpointIdentified) -> bool:
    """Whether the event shows its person inside a store. A poster or a receipt names a store too, and hangs
    elsewhere."""
    return (
        bool(event.store) and event.type in PHYSICAL and (not event.placement or event.placement in IN_STORE_PLACEMENTS)
    )
