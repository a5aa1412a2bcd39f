"""What a visitor bought and brought back, as far as it is remembered: the latest sales one by one, older ones as a sum.

Whatever order sales and returns come in, the same is known in the end, as long as no more sales than are kept one by
one came before. A sale older than those is taken for one that the sum has already: it never counts twice.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

SALES_KEPT = 16
REFUNDS_KEPT = 16
CATEGORIES_KEPT = 16


class Sale(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """When (microseconds), what was paid (millionths of ``currency``), of which categories; ``refunds`` has what came
    back of it, by the marks of the returns."""

    occurred_at: int
    currency: str
    micros: int
    categories: tuple[str, ...] = ()
    refunds: dict[int, int] = {}

    @property
    def left_micros(self) -> int:
        return max(0, self.micros - sum(self.refunds.values())) if self.refunds else self.micros


class Refund(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A return whose sale, by its mark, is not here."""

    occurred_at: int
    sale: int
    currency: str
    micros: int


class Older(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Sales that are not kept one by one any more, up to the one at ``until`` (time, mark): those of which something
    was left, ``micros`` by currency, and the categories of the latest of them."""

    until: tuple[int, int] = (0, 0)
    count: int = 0
    last_at: int = 0
    micros: dict[str, int] = {}
    categories: tuple[str, ...] = ()

    def then(self, mark: int, sale: Sale) -> "Older":
        """With the next sale in time."""
        until, left = (sale.occurred_at, mark), sale.left_micros
        if not left:
            return msgspec.structs.replace(self, until=until)
        others = (category for category in self.categories if category not in sale.categories)
        return Older(
            until,
            self.count + 1,
            sale.occurred_at,
            self.micros | {sale.currency: self.micros.get(sale.currency, 0) + left},
            (*others, *sale.categories)[-CATEGORIES_KEPT:],
        )


class Purchases(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of one own person. ``sales`` and ``waiting`` (returns without their sale) by the marks of their events."""

    sales: dict[int, Sale] = {}
    waiting: dict[int, Refund] = {}
    older: Older = Older()

    def with_sale(self, mark: int, sale: Sale) -> "Purchases":
        if mark in self.sales:
            return self
        return _bounded(self.sales | {mark: sale}, self.waiting, self.older)

    def with_waiting(self, mark: int, refund: Refund) -> "Purchases":
        return _bounded(self.sales, self.waiting | {mark: refund}, self.older)

    def taking_back(self, mark: int, refund: Refund) -> "Purchases":
        """With the refund at its sale, which is here."""
        sale = self.sales[refund.sale]
        less = msgspec.structs.replace(sale, refunds=sale.refunds | {mark: refund.micros})
        return Purchases(self.sales | {refund.sale: less}, self.waiting, self.older)

    def no_longer_waiting(self, mark: int) -> "Purchases":
        waiting = {other: refund for other, refund in self.waiting.items() if other != mark}
        return Purchases(self.sales, waiting, self.older)

    def joined(self, other: "Purchases") -> "Purchases":
        """The same own person's as two people had them: every sale and every return once."""
        both = {
            mark: msgspec.structs.replace(sale, refunds=sale.refunds | other.sales[mark].refunds)
            for mark, sale in self.sales.items()
            if mark in other.sales
        }
        older = max(self.older, other.older, key=_reach)
        return _bounded(other.sales | self.sales | both, other.waiting | self.waiting, older)


NONE: Final = Purchases()


def settled(books: Mapping[str, Purchases]) -> dict[str, Purchases]:
    """The books of several own persons who are one, once every return that waits has gone to its sale, whoever's that
    is."""
    after = dict(books)
    for own, purchases in books.items():
        for mark, refund in purchases.waiting.items():
            seller = next((who for who, theirs in after.items() if _covers(theirs, refund)), None)
            if seller is not None:
                after[seller] = after[seller].taking_back(mark, refund)
                after[own] = after[own].no_longer_waiting(mark)
    return after


def _covers(purchases: Purchases, refund: Refund) -> bool:
    sale = purchases.sales.get(refund.sale)
    return sale is not None and sale.currency == refund.currency


def _bounded(sales: dict[int, Sale], waiting: dict[int, Refund], older: Older) -> Purchases:
    kept = sorted((sale.occurred_at, mark) for mark, sale in sales.items() if (sale.occurred_at, mark) > older.until)
    for _, mark in kept[:-SALES_KEPT]:
        older = older.then(mark, sales[mark])
    if len(waiting) > REFUNDS_KEPT:
        latest = sorted((refund.occurred_at, mark) for mark, refund in waiting.items())[-REFUNDS_KEPT:]
        waiting = {mark: waiting[mark] for _, mark in latest}
    return Purchases({mark: sales[mark] for _, mark in kept[-SALES_KEPT:]}, waiting, older)


def _reach(older: Older) -> tuple[tuple[int, int], int]:
    return older.until, older.count
