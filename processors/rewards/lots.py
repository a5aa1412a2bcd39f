"""Lots of points of a person's account."""

import msgspec


class Lot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is left of the points that one entry earned."""

    entry_id: str
    left: int
