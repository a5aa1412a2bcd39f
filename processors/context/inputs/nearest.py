"""The nearest store that has a product: stock by distance on the sphere (haversine)."""

from math import asin, cos, radians, sin, sqrt

from processors.reference import Reference
from schemas.brand.model import Brand

EARTH_M = 6_371_009
"""Mean radius (IUGG)."""
NEIGHBOURS = 50
"""Stores that are looked at, nearest first: whoever is farther away sends parcels."""


def nearest_with(product: str, store: str, reference: Reference) -> tuple[int, str] | None:
    """Metres to the nearest other store with the product in stock, and its id; None where none is known."""
    if not product or not store:
        return None
    neighbours = reference.memo.get(("neighbours", store))
    if neighbours is None:
        neighbours = reference.memo["neighbours", store] = neighbours_of(store, reference.brand)
    return next((one for one in neighbours if reference.stock.get((one[1], product), 0) > 0), None)


def nearest_to(point: tuple[float, float], reference: Reference) -> tuple[int, str] | None:
    """Metres to the nearest store, and its id; None where no store has coordinates."""
    stores = reference.brand.stores.items()
    placed = ((metres(point, store.coordinates), id) for id, store in stores if store.coordinates is not None)
    return min(placed, default=None)


def neighbours_of(store: str, brand: Brand) -> tuple[tuple[int, str], ...]:
    """The other stores by distance, with metres; of those without coordinates none."""
    here = brand.stores.get(store)
    if here is None or here.coordinates is None:
        return ()
    origin = here.coordinates
    found = (
        (metres(origin, other.coordinates), id)
        for id, other in brand.stores.items()
        if id != store and other.coordinates is not None
    )
    return tuple(sorted(found)[:NEIGHBOURS])


def metres(one: tuple[float, float], other: tuple[float, float]) -> int:
    """Between two points in degrees of latitude and longitude."""
    (lat, lon), (lat_2, lon_2) = (tuple(map(radians, point)) for point in (one, other))
    half = sin((lat_2 - lat) / 2) ** 2 + cos(lat) * cos(lat_2) * sin((lon_2 - lon) / 2) ** 2
    return round(2 * EARTH_M * asin(min(1.0, sqrt(half))))
