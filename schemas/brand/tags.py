"""Section ``tags``."""

from collections.abc import Iterator
from typing import ClassVar, Final, Literal, get_args

from schemas.brand.gs1_keys import key_mistakes
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
    """A QR code, NFC tag or short link, and its placement. The trigger comes from here, never from the phone.

    ``digital_link``: the code of its product's GTIN means this tag, where several could; ``gs1`` is another key of GS1
    that it has, such as ``414/4012345000009`` (see schemas/brand/gs1_keys.py).
    """

    section: ClassVar[str] = "tags"
    kind: ClassVar[str] = "tag"
    later: ClassVar[frozenset[str]] = frozenset({"digital_link", "gs1"})

    placement: PlacementKind
    trigger: Literal["scan", "nfc_tap"] = "scan"
    store: str = ""
    zone: str = ""
    product: str = ""
    campaign: str = ""
    fallback: str = ""
    digital_link: bool = False
    gs1: str = ""

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        yield from unknown_reference("store", self.store, brand.stores)
        yield from unknown_reference("product", self.product, brand.products)
        if self.fallback:
            yield from fallback_mistakes("fallback", self.fallback, brand)
        if self.digital_link and not self.product:
            yield "digital_link", "needs a product, whose GTIN means the tag"
        if self.gs1:
            yield from key_mistakes("gs1", self.gs1)
            if (other := brand.tags_by_gs1_key[self.gs1]) != self.id:
                yield "gs1", f"{self.gs1} is the key of {other} as well"
