"""The purchase history of a visitor in bounded space: the latest sales one by one, older ones as a sum.

Whatever order sales and returns arrive in, the result is the same, as long as no more sales than are kept one by one
arrived before. A sale older than those is taken for one that the sum contains already: it never counts twice.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from processors.purchases import NO_PURCHASES, PurchaseHistory, Return, Sale, reconciled

SALES_KEPT = 16
RETURNS_KEPT = 16
CATEGORIES_KEPT = 16


class OlderSales(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Sales that are not kept one by one any more, up to the one at ``until`` (time in microseconds, hash64 of the
    event): ``count`` of those of which something was left, when the latest of them was, ``micros`` by currency, and the
    categories of the latest of them."""

    until: tuple[int, int] = (0, 0)
    count: int = 0
    last_at: int = 0
    micros: dict[str, int] = {}
    categories: tuple[str, ...] = ()

    def with_sale(self, id: int, sale: Sale) -> "OlderSales":
        """With the next sale in time."""
        until, left = (sale.occurred_at, id), sale.left_micros
        if left <= 0:
            micros = self.micros | {sale.currency: self.micros.get(sale.currency, 0) + left} if left else self.micros
            return msgspec.structs.replace(self, until=until, micros=micros)
        others = (category for category in self.categories if category not in sale.categories)
        return OlderSales(
            until,
            self.count + 1,
            sale.occurred_at,
            self.micros | {sale.currency: self.micros.get(sale.currency, 0) + left},
            (*others, *sale.categories)[-CATEGORIES_KEPT:],
        )


class BoundedHistory(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of one source profile."""

    recent: PurchaseHistory = NO_PURCHASES
    older: OlderSales = OlderSales()

    def with_sale(self, id: int, sale: Sale) -> "BoundedHistory":
        return self if id in self.recent.sales else _bounded(self.recent.with_sale(id, sale), self.older)

    def with_return(self, id: int, back: Return) -> "BoundedHistory":
        return _bounded(self.recent.with_return(id, back), self.older)

    def joined(self, other: "BoundedHistory") -> "BoundedHistory":
        """Two states of one history: every sale and every return once."""
        return _bounded(self.recent.joined(other.recent), max(self.older, other.older, key=_reach))

    def without_bookings_on(self, other: "BoundedHistory") -> "BoundedHistory":
        """After a split: without bookings on sales of the other history, or of its returns."""
        return BoundedHistory(self.recent.without_bookings_on(other.recent), self.older)


NO_HISTORY: Final = BoundedHistory()


def reconciled_bounded(histories: Mapping[str, BoundedHistory]) -> dict[str, BoundedHistory]:
    """The histories of one person, by source profile, once their returns are booked (``processors.purchases``)."""
    recent = reconciled({profile: history.recent for profile, history in histories.items()}, complete=False)
    return {
        profile: history if recent[profile] is history.recent else BoundedHistory(recent[profile], history.older)
        for profile, history in histories.items()
    }


def _bounded(recent: PurchaseHistory, older: OlderSales) -> BoundedHistory:
    sales, returns = recent.sales, recent.returns
    latest = sorted((sale.occurred_at, id) for id, sale in sales.items() if (sale.occurred_at, id) > older.until)
    for _, id in latest[:-SALES_KEPT]:
        older = older.with_sale(id, sales[id])
    if len(returns) > RETURNS_KEPT:
        kept = sorted((back.occurred_at, id) for id, back in returns.items())[-RETURNS_KEPT:]
        returns = {id: returns[id] for _, id in kept}
    return BoundedHistory(PurchaseHistory({id: sales[id] for _, id in latest[-SALES_KEPT:]}, returns), older)


def _reach(older: OlderSales) -> tuple[tuple[int, int], int]:
    return older.until, older.count
