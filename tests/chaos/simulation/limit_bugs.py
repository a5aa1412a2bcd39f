"""Planted bugs of budgets: units that exist twice, and claims that count twice."""

from typing import Any

import msgspec

from processors.budgets.holder import RECALL, Holding
from processors.budgets.keys import mark_of
from processors.budgets.units import NO_NUMBER, count
from schemas.events import BudgetClaimed
from tests.chaos.simulation.planting import around, planted


@planted("a budget that grants one over after a recall")
def _() -> Any:
    def told(original: Any, self: Holding, event: BudgetClaimed) -> Any:
        after, effects = original(self, event)
        if event.action == RECALL and count(self.holder.free):
            after = msgspec.structs.replace(after, free=(NO_NUMBER, 1))
        return after, effects

    return around(Holding, "told", told)


@planted("a claim counted twice that is sent again after a crash")
def _() -> Any:
    def claimed(original: Any, self: Holding, event: BudgetClaimed) -> Any:
        others = {mark: units for mark, units in self.holder.granted.items() if mark != mark_of(event.claim_id)}
        return original(
            msgspec.structs.replace(self, holder=msgspec.structs.replace(self.holder, granted=others)), event
        )

    return around(Holding, "_claimed", claimed)
