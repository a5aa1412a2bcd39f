"""Section ``products``."""

from collections.abc import Iterator
from typing import ClassVar

from schemas.brand.item import Item, Mistake, Sections, unknown_name
from schemas.brand.links import MAX_LINKS, Link
from schemas.gs1.check_digits import gtin_fault


class Product(Item, frozen=True):
    """A product; its id is the SKU.

    ``gtin`` is its number in GS1's system, which a code on its packaging carries (GS1 Digital Link). ``links`` are what
    there is to it, by type; ``default_link`` is the type that answers a scan on which the stream does not decide, by
    default that of the first.
    """

    section: ClassVar[str] = "products"
    kind: ClassVar[str] = "product"

    name: str
    category: str = ""
    gtin: str = ""
    links: tuple[Link, ...] = ()
    default_link: str = ""

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        if self.gtin and (fault := gtin_fault(self.gtin)):
            yield "gtin", f"{self.gtin!r} {fault}"
        elif self.gtin and (other := brand.products_by_gtin[self.gtin14]) != self.id:
            yield "gtin", f"{self.gtin14} is the GTIN of {other} as well"
        elif self.gtin and len(tags := brand.product_tags.get(self.id, ())) > 1:
            yield "gtin", f"may mean the tags {', '.join(tags[:5])}: one of them needs digital_link: true"
        for index, link in enumerate(self.links[: MAX_LINKS + 1]):
            yield from link.mistakes(f"links[{index}]", brand)
        if len(self.links) > MAX_LINKS:
            yield "links", f"has {len(self.links)} links; {MAX_LINKS} is the most"
        if self.default_link:
            yield from unknown_name(
                "default_link", self.default_link, {link.type for link in self.links}, "no link has the type"
            )

    @property
    def gtin14(self) -> str:
        """The GTIN with 14 digits; empty where it has none."""
        return self.gtin.zfill(14) if self.gtin else ""

    @property
    def default_type(self) -> str:
        """The type of its default link; empty where it has no links."""
        return self.default_link or (self.links[0].type if self.links else "")
