"""Section ``tags``."""

import re
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
Security = Literal["", "signed", "ntag424", "rotating"]
SIGNED, NTAG424, ROTATING = "signed", "ntag424", "rotating"
_UID: Final = re.compile(r"[0-9A-Fa-f]{14}")
PLACEMENTS: Final[tuple[str, ...]] = get_args(PlacementKind)


class Tag(Item, frozen=True):
    """A QR code, NFC tag or short link, and its placement. The trigger comes from here, never from the phone.

    ``security``: what its link has to prove: nothing; that the brand made it (signed); that an NTAG 424 DNA chip was
    tapped (ntag424); that a screen showed it lately (rotating). ``uid``: of the only chip that counts, 14 hex digits.

    ``digital_link``: the code of its product's GTIN means this tag, where several could; ``gs1`` is another key of GS1
    that it has, such as ``414/4012345000009`` (see schemas/brand/gs1_keys.py).
    """

    section: ClassVar[str] = "tags"
    kind: ClassVar[str] = "tag"
    later: ClassVar[frozenset[str]] = frozenset({"digital_link", "gs1", "security", "uid"})

    placement: PlacementKind
    trigger: Literal["scan", "nfc_tap"] = "scan"
    store: str = ""
    zone: str = ""
    product: str = ""
    campaign: str = ""
    fallback: str = ""
    digital_link: bool = False
    gs1: str = ""
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
        if self.digital_link and not self.product:
            yield "digital_link", "needs a product, whose GTIN means the tag"
        if self.security and (self.digital_link or self.gs1):
            yield "security", "asks for a proof, which no GS1 Digital Link has: everybody can print it"
        if self.gs1:
            yield from key_mistakes("gs1", self.gs1)
            if (other := brand.tags_by_gs1_key[self.gs1]) != self.id:
                yield "gs1", f"{self.gs1} is the key of {other} as well"
