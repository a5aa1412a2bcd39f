"""What the routes of a brand ask of a scan, worked out once for the brand."""

from collections.abc import Sequence
from dataclasses import dataclass

from processors.context.conditions import Conditions, texts_of
from processors.context.history import HistoryConditions, history_conditions
from schemas.brand.model import Route


@dataclass(frozen=True, slots=True)
class Asked:
    """``history`` is None when no route has a condition on purchases, ``conditions`` when none has an expression: then
    neither is computed."""

    history: HistoryConditions | None
    conditions: Conditions | None


def asked_of(routes: Sequence[Route]) -> Asked:
    return Asked(history_conditions(routes), Conditions(routes) if texts_of(routes) else None)
