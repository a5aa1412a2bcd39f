"""How lately, how often, for how much and what a visitor bought: as a decision sees it."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from processors.context.purchases import Purchases
from schemas.brand.model import Route

DAY_US = 24 * 60 * 60 * 1_000_000
MICROS = 1_000_000


class History(msgspec.Struct, frozen=True, gc=False):
    """Of sales of which something was kept: how many, what stayed paid in the brand's currency, whole days since the
    last one (None without any), and their categories, sorted."""

    purchases: int
    spent: Decimal
    bought_days_ago: int | None
    categories: tuple[str, ...]


def history_of(books: Iterable[Purchases], now: int, currency: str) -> History:
    """All purchases of the books as one history at a moment (microseconds)."""
    purchases, micros, last, categories = 0, 0, 0, set[str]()
    for one in books:
        purchases += one.older.count
        micros += one.older.micros.get(currency, 0)
        last = max(last, one.older.last_at)
        categories.update(one.older.categories)
        for sale in one.sales.values():
            if left := sale.left_micros:
                purchases += 1
                micros += left if sale.currency == currency else 0
                last = max(last, sale.occurred_at)
                categories.update(sale.categories)
    days = max(0, now - last) // DAY_US if purchases else None
    return History(purchases, Decimal(micros) / MICROS, days, tuple(sorted(categories)))


class Asked(msgspec.Struct, frozen=True, gc=False):
    """What the routes of a brand ask about purchases: the numbers that they name, and the categories."""

    purchases: tuple[int, ...]
    spent: tuple[Decimal, ...]
    days: tuple[int, ...]
    categories: frozenset[str]

    def told_apart(self, history: History) -> History:
        """The same for all histories that no route tells apart, so that they share an answer."""
        days = history.bought_days_ago
        return History(
            min(history.purchases, max(self.purchases, default=0)),
            max((spent for spent in self.spent if spent <= history.spent), default=Decimal()),
            None if days is None else max((limit for limit in self.days if limit <= days), default=0),
            tuple(category for category in history.categories if category in self.categories),
        )


def asked_by(routes: Iterable[Route]) -> Asked | None:
    """None when no route asks anything, which is when nobody needs a history."""
    whens = [route.when for route in routes]
    asked = Asked(
        tuple(when.purchases_at_least for when in whens if when.purchases_at_least is not None),
        tuple(when.spent_at_least for when in whens if when.spent_at_least is not None),
        tuple(when.bought_within_days for when in whens if when.bought_within_days is not None),
        frozenset(category for when in whens for category in when.bought_categories),
    )
    return asked if any((asked.purchases, asked.spent, asked.days, asked.categories)) else None
