"""The stores by their distance, and the nearest that has a product."""

from processors.distance import distance_m
from processors.reference import Reference
from schemas.brand.model import Brand

NEIGHBOURS = 50
"""Stores that are looked at, nearest first: whoever is farther away sends parcels."""


def nearest_with(product: str, store: str, reference: Reference) -> tuple[int, str] | None:
    """Metres to the nearest other store with the product in stock, and its id; None where none is known."""
    if not product or not store:
        return None
    return next((one for one in neighbours(store, reference) if reference.stock.get((one[1], product), 0) > 0), None)


def nearest_to(point: tuple[float, float], reference: Reference) -> tuple[int, str] | None:
    """Metres to the nearest store, and its id; None where no store has coordinates."""
    stores = reference.brand.stores.items()
    placed = (
        (round(distance_m(point, store.coordinates)), id) for id, store in stores if store.coordinates is not None
    )
    return min(placed, default=None)


def neighbours(store: str, reference: Reference) -> tuple[tuple[int, str], ...]:
    """``neighbours_of``, remembered in the reference data, which a new brand version replaces."""
    found: tuple[tuple[int, str], ...] | None = reference.memo.get(("neighbours", store))
    if found is None:
        found = reference.memo["neighbours", store] = neighbours_of(store, reference.brand)
    return found


def neighbours_of(store: str, brand: Brand) -> tuple[tuple[int, str], ...]:
    """The other stores by distance, with metres; of those without coordinates none."""
    here = brand.stores.get(store)
    if here is None or here.coordinates is None:
        return ()
    origin = here.coordinates
    found = (
        (round(distance_m(origin, other.coordinates)), id)
        for id, other in brand.stores.items()
        if id != store and other.coordinates is not None
    )
    return tuple(sorted(found)[:NEIGHBOURS])
