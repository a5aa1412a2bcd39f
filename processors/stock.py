"""The units on hand, folded from stock-reported."""

from collections.abc import Mapping

from schemas.events import StockReported

Shelf = tuple[str, str]
"""Store and SKU."""


class StockFold:
    """Takes reports in topic order; ``units`` gives the units on hand by shelf.

    Of all reports of a shelf the latest counts: a till that was offline reports late, and what it counted never
    replaces a newer count. A report is no later than its receipt: a clock that is ahead would else pin the stock until
    its time has come.
    """

    def __init__(self) -> None:
        self._units: dict[Shelf, int] = {}
        self._counted: dict[Shelf, tuple[int, int]] = {}

    @property
    def units(self) -> Mapping[Shelf, int]:
        """A live view."""
        return self._units

    def apply(self, event: StockReported) -> None:
        """Takes one report."""
        shelf = (event.store, event.sku)
        counted = (min(event.occurred_at, event.received_at), event.occurred_at)
        if counted >= self._counted.get(shelf, (0, 0)):
            self._counted[shelf] = counted
            self._units[shelf] = event.quantity
