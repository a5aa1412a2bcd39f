"""What the routes of a brand ask of a scan, worked out once for the brand."""

from dataclasses import dataclass

from processors.context.conditions import Conditions, texts_of
from processors.context.history import HistoryConditions, history_conditions
from schemas.brand.model import Brand


@dataclass(frozen=True, slots=True)
class Asked:
    """``history`` is None when nothing has a condition on purchases, ``conditions`` when none has an expression: then
    neither is computed."""

    history: HistoryConditions | None
    conditions: Conditions | None


def asked_of(brand: Brand) -> Asked:
    audiences = (one.audience for one in brand.experiments.values())
    conditions = Conditions(brand.routes) if texts_of(brand.routes) else None
    return Asked(history_conditions(brand.routes, audiences), conditions)
