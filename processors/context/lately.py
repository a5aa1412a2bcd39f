"""What a visitor viewed lately, and which answers they got lately, as far as conditions ask for it: bounded, and the
same in whatever order it comes to be known."""

from collections.abc import Iterable
from typing import Annotated

import msgspec

from schemas.events import TouchpointIdentified

Position = tuple[int, float, float]
"""When a person shared where they are (microseconds), and latitude and longitude in degrees, rounded."""
VIEWS_KEPT = 16
ANSWERS_KEPT = 32

View = tuple[int, str]
"""When a product was viewed last (microseconds), and its SKU."""


class Answered(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """An answer that may not come again soon: when it was given (microseconds), and hash64 of its route and event."""

    at: int
    route: int
    event: int


def latest_views(*several: Iterable[View]) -> tuple[View, ...]:
    """All views as one, the latest last; of a product the latest counts."""
    latest: dict[str, int] = {}
    for views in several:
        for at, product in views:
            latest[product] = max(at, latest.get(product, at))
    return tuple(sorted((at, product) for product, at in latest.items())[-VIEWS_KEPT:])


def position_of(event: TouchpointIdentified) -> Position | None:
    """The position that an event shares; None where it shares none."""
    if '"latitude"' not in event.properties:
        return None
    try:
        shared = msgspec.json.decode(event.properties, type=_Shared)
    except msgspec.DecodeError:
        return None
    return event.occurred_at, shared.latitude, shared.longitude


class _Shared(msgspec.Struct, frozen=True, gc=False):
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]


def latest_answers(*several: Iterable[Answered]) -> tuple[Answered, ...]:
    """All answers as one, the latest last."""
    return tuple(sorted({answer for answers in several for answer in answers})[-ANSWERS_KEPT:])
