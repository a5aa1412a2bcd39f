"""Where a person chose to share that they are: ``latitude`` and ``longitude`` in degrees, which nobody needs to know to
the metre."""

from decimal import Decimal
from typing import Any

from gateway.events_api.draft import Draft
from gateway.events_api.errors import ValidationError

DECIMALS = 3
"""Of a degree: some 100 m."""
LIMITS = {"latitude": 90, "longitude": 180}


def position(draft: Draft) -> None:
    """Rounds a position; what is none is left out with a warning."""
    given = draft.properties
    if given.keys().isdisjoint(LIMITS):
        return
    rounded = {name: _rounded(given.pop(name, None), limit) for name, limit in LIMITS.items()}
    if None in rounded.values():
        unknown = ValidationError("properties.latitude", "is no position: latitude and longitude are degrees")
        draft.unusable = (*draft.unusable, unknown)
    else:
        given.update(rounded)


def _rounded(value: Any, limit: int) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return round(float(value), DECIMALS) if -limit <= value <= limit else None
