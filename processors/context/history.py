"""Recency, frequency, value and categories of a visitor's purchases, as a decision sees them."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from processors.context.purchases import BoundedHistory
from schemas.brand.model import Route, When

DAY_US = 24 * 60 * 60 * 1_000_000
MICROS = 1_000_000


class History(msgspec.Struct, frozen=True, gc=False):
    """Of the sales that have something left after returns: their number, what is left in the brand's currency (less
    what negative receipts paid out), whole days since the last one (None without any), and their categories, sorted."""

    purchases: int
    spent: Decimal
    bought_days_ago: int | None
    categories: tuple[str, ...]


def history_of(histories: Iterable[BoundedHistory], now: int, currency: str) -> History:
    """The purchase histories of a person's source profiles as one, at a moment (microseconds)."""
    purchases, micros, last, categories = 0, 0, 0, set[str]()
    for one in histories:
        purchases += one.older.count
        micros += one.older.micros.get(currency, 0)
        last = max(last, one.older.last_at)
        categories.update(one.older.categories)
        for sale in one.recent.sales.values():
            left = sale.left_micros
            micros += left if sale.currency == currency else 0
            if left > 0:
                purchases += 1
                last = max(last, sale.occurred_at)
                categories.update(sale.categories)
    days = max(0, now - last) // DAY_US if purchases else None
    return History(purchases, Decimal(micros) / MICROS, days, tuple(sorted(categories)))


class HistoryConditions(msgspec.Struct, frozen=True, gc=False):
    """All that the routes of a brand compare a history with: the numbers and the categories that they name."""

    purchases: tuple[int, ...]
    spent: tuple[Decimal, ...]
    days: tuple[int, ...]
    categories: frozenset[str]

    def representative(self, history: History) -> History:
        """The same history for all that no route distinguishes, so that they share an answer."""
        days = history.bought_days_ago
        return History(
            min(history.purchases, max(self.purchases, default=0)),
            max((spent for spent in self.spent if spent <= history.spent), default=Decimal()),
            None if days is None else max((limit for limit in self.days if limit <= days), default=0),
            tuple(category for category in history.categories if category in self.categories),
        )


def history_conditions(routes: Iterable[Route], audiences: Iterable[When] = ()) -> HistoryConditions | None:
    """None when no route and no audience has a condition on purchases: then no history is computed."""
    whens = [*(route.when for route in routes), *audiences]
    found = HistoryConditions(
        tuple(when.purchases_at_least for when in whens if when.purchases_at_least is not None),
        tuple(when.spent_at_least for when in whens if when.spent_at_least is not None),
        tuple(when.bought_within_days for when in whens if when.bought_within_days is not None),
        frozenset(category for when in whens for category in when.bought_categories),
    )
    return found if any((found.purchases, found.spent, found.days, found.categories)) else None
