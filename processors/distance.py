"""How far apart two places are."""

from math import asin, cos, radians, sin, sqrt
from typing import Final

EARTH_M: Final = 6_371_009
"""Mean radius (IUGG)."""


def distance_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two places, latitude and longitude in degrees, on a sphere (haversine)."""
    (lat, lon), (lat_2, lon_2) = (tuple(map(radians, place)) for place in (one, other))
    half = sin((lat_2 - lat) / 2) ** 2 + cos(lat) * cos(lat_2) * sin((lon_2 - lon) / 2) ** 2
    return 2 * EARTH_M * asin(min(1.0, sqrt(half)))
