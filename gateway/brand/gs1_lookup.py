"""What a GS1 Digital Link means in one version of a brand."""

from collections.abc import Mapping
from typing import NamedTuple

from schemas.brand.gs1_keys import ANY_END, as_key, tags_of_products
from schemas.brand.model import Product, Tag
from schemas.gs1.digital_link import GTIN, DigitalLink


class Gs1Meaning(NamedTuple):
    """The tag and the product of a link; None where the brand has none, or the link may mean several."""

    tag: Tag | None
    product: Product | None


class Gs1Lookup:
    """The keys of one version of a brand. Some 10 ms for 50,000 tags."""

    def __init__(self, tags: Mapping[str, Tag], products: Mapping[str, Product]) -> None:
        self._products = products
        self._tags_by_key = {tag.gs1: tag for tag in tags.values() if tag.gs1}
        self._longest = max((len(key) for key in self._tags_by_key if key.endswith(ANY_END)), default=0)
        by_gtin = {product.gtin14: product for product in products.values() if product.gtin}
        found = tags_of_products(tags.values()) if by_gtin else {}
        self._by_gtin = {
            gtin: Gs1Meaning(tags[ids[0]] if len(ids := found.get(product.id, ())) == 1 else None, product)
            for gtin, product in by_gtin.items()
        }

    def find(self, link: DigitalLink) -> Gs1Meaning:
        """A tag that names the key with the most of the link's qualifiers, the product of the GTIN, or the tag that
        names the longest beginning of the key.
        """
        keys = as_key(link)
        for key in keys:
            if (tag := self._tags_by_key.get(key)) is not None:
                return self._of_tag(tag)
        if link.key.ai == GTIN and (meaning := self._by_gtin.get(link.key.value)) is not None:
            return meaning
        for size in range(min(self._longest - 1, len(keys[-1])), 0, -1):
            if (tag := self._tags_by_key.get(keys[-1][:size] + ANY_END)) is not None:
                return self._of_tag(tag)
        return Gs1Meaning(None, None)

    def _of_tag(self, tag: Tag) -> Gs1Meaning:
        return Gs1Meaning(tag, self._products.get(tag.product))
