"""The room that services of stores have, folded from capacity-reported."""

from collections.abc import Mapping

from schemas.events import CapacityReported


class CapacityFold:
    """Takes reports in topic order. Of all reports of a service the latest counts, and none is later than its receipt
    (as ``processors.stock`` has it); whether it has expired is for its reader to say, who knows the time."""

    def __init__(self) -> None:
        self._reports: dict[str, dict[str, CapacityReported]] = {}

    @property
    def reports(self) -> Mapping[str, Mapping[str, CapacityReported]]:
        """By store and service: a live view."""
        return self._reports

    def apply(self, event: CapacityReported) -> None:
        """Takes one report."""
        of_store = self._reports.setdefault(event.store, {})
        before = of_store.get(event.service)
        if before is None or _stated(event) >= _stated(before):
            of_store[event.service] = event


def _stated(event: CapacityReported) -> tuple[int, int]:
    return min(event.occurred_at, event.received_at), event.occurred_at
