"""Section ``products``."""

from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar, Final

import msgspec

from schemas.brand.gs1_keys import gtin_mistakes
from schemas.brand.item import Item, Mistake, Part, Sections, below_one, foreign_languages, unregistered_picture
from schemas.brand.links import Link, link_mistakes
from schemas.languages import of_language

MAX_PRICE: Final = Decimal(10**9)
MAX_PLACES: Final = 4
MAX_STEPS: Final = 12
BEST_RATING: Final = 5


class ProductTexts(Part, frozen=True):
    """A product's texts in another language of the brand; what is empty stays in the brand's own."""

    name: str = ""
    steps: tuple[str, ...] = ()


class Product(Item, frozen=True):
    """A product; its id is the SKU. What a page shows of it: ``price`` in the brand's currency; the address of a
    ``picture``; ``rating`` from 0 to 5, as the mean of so many ``ratings``; ``steps`` say how it is used; ``texts``
    are those of other languages, by their tag.

    ``gtin`` is its number in GS1's system, which a code on its packaging carries (GS1 Digital Link). ``links`` are what
    there is to it, by type; ``default_link`` is the type that answers a scan on which the stream does not decide, by
    default that of the first.
    """

    section: ClassVar[str] = "products"
    kind: ClassVar[str] = "product"
    later: ClassVar[frozenset[str]] = frozenset(
        {"price", "picture", "rating", "ratings", "steps", "texts", "gtin", "links", "default_link"}
    )

    name: str
    category: str = ""
    price: Decimal | None = None
    picture: str = ""
    rating: Decimal | None = None
    ratings: int | None = None
    steps: tuple[str, ...] = ()
    texts: dict[str, ProductTexts] = msgspec.field(default_factory=dict)
    gtin: str = ""
    links: tuple[Link, ...] = ()
    default_link: str = ""

    @property
    def gtin14(self) -> str:
        """The GTIN with 14 digits; empty where it has none."""
        return self.gtin.zfill(14) if self.gtin else ""

    @property
    def default_type(self) -> str:
        """The type of its default link; empty where it has no links."""
        return self.default_link or (self.links[0].type if self.links else "")

    def names(self) -> Iterator[str]:
        """Its name in each language."""
        yield self.name
        yield from (texts.name for texts in self.texts.values())

    def texts_in(self, language: str) -> ProductTexts:
        """Its texts in a language of the brand."""
        found = of_language(self.texts, language) or ProductTexts()
        return ProductTexts(name=found.name or self.name, steps=found.steps or self.steps)

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        yield from gtin_mistakes(self, brand)
        yield from link_mistakes(self.links, self.default_link, brand)
        yield from foreign_languages("texts", self.texts, brand)
        if self.price is not None:
            yield from _decimal_mistakes("price", self.price, MAX_PRICE)
        if self.rating is not None:
            yield from _decimal_mistakes("rating", self.rating, Decimal(BEST_RATING))
        yield from below_one("ratings", self.ratings)
        if self.picture:
            yield from unregistered_picture("picture", self.picture, brand)
        if max(len(self.texts_in(language).steps) for language in ("", *self.texts)) > MAX_STEPS:
            yield "steps", f"are too many: {MAX_STEPS} is the most"


def _decimal_mistakes(field: str, number: Decimal, most: Decimal) -> Iterator[Mistake]:
    if not number.is_finite() or not 0 <= number <= most:
        yield field, f"{number} is not between 0 and {most}"
    elif number != round(number, MAX_PLACES):
        yield field, f"{number} has more than {MAX_PLACES} decimal places"
