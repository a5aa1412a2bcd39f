"""Section ``tags``."""

from collections.abc import Iterator
from typing import ClassVar, Final, Literal, get_args

from schemas.brand.item import Item, Mistake, Sections, fallback_mistakes, unknown_reference

PlacementKind = Literal[
    "store",
    "zone",
    "product",
    "shelf",
    "packaging",
    "poster",
    "receipt",
    "screen",
    "event",
    "staff_badge",
    "door",
    "till",
]
PLACEMENTS: Final[tuple[str, ...]] = get_args(PlacementKind)


class Tag(Item, frozen=True):
    """A QR code, NFC tag or short link, and its placement. The trigger comes from here, never from the phone."""

    section: ClassVar[str] = "tags"
    kind: ClassVar[str] = "tag"

    placement: PlacementKind
    trigger: Literal["scan", "nfc_tap"] = "scan"
    store: str = ""
    zone: str = ""
    product: str = ""
    campaign: str = ""
    fallback: str = ""

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        yield from unknown_reference("store", self.store, brand.stores)
        yield from unknown_reference("product", self.product, brand.products)
        if self.fallback:
            yield from fallback_mistakes("fallback", self.fallback, brand)
