"""Section ``tags``."""

import re
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
Security = Literal["", "signed", "ntag424", "rotating"]
SIGNED, NTAG424, ROTATING = "signed", "ntag424", "rotating"
_UID: Final = re.compile(r"[0-9A-Fa-f]{14}")
PLACEMENTS: Final[tuple[str, ...]] = get_args(PlacementKind)


class Tag(Item, frozen=True, omit_defaults=True):
    """A QR code, NFC tag or short link, and its placement. The trigger comes from here, never from the phone.

    ``security``: what its link has to prove: nothing; that the brand made it (signed); that an NTAG 424 DNA chip was
    tapped (ntag424); that a screen showed it lately (rotating). ``uid``: of the only chip that counts, 14 hex digits.
    """

    section: ClassVar[str] = "tags"
    kind: ClassVar[str] = "tag"

    placement: PlacementKind
    trigger: Literal["scan", "nfc_tap"] = "scan"
    store: str = ""
    zone: str = ""
    product: str = ""
    campaign: str = ""
    fallback: str = ""
    security: Security = ""
    uid: str = ""

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        yield from unknown_reference("store", self.store, brand.stores)
        yield from unknown_reference("product", self.product, brand.products)
        if self.fallback:
            yield from fallback_mistakes("fallback", self.fallback, brand)
        if self.uid and self.security != NTAG424:
            yield "uid", f"only a tag with security: {NTAG424} has the UID of a chip"
        elif self.uid and not _UID.fullmatch(self.uid):
            yield "uid", f"{self.uid!r} is not 14 hex digits, as a UID of seven bytes has"
