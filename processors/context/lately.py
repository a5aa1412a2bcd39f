"""What a visitor viewed lately, and which answers they got lately, as far as conditions ask for it: bounded, and the
same in whatever order it comes to be known."""

from collections.abc import Iterable

import msgspec

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


def latest_answers(*several: Iterable[Answered]) -> tuple[Answered, ...]:
    """All answers as one, the latest last."""
    return tuple(sorted({answer for answers in several for answer in answers})[-ANSWERS_KEPT:])
