"""Section ``products``."""

from typing import ClassVar

from schemas.brand.item import Item


class Product(Item, frozen=True):
    """A product; its id is the SKU."""

    section: ClassVar[str] = "products"
    kind: ClassVar[str] = "product"

    name: str
    category: str = ""
