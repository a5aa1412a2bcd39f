"""Section ``stores``."""

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from schemas.brand.item import Item, Mistake, Part, Sections, foreign_languages, unknown_code, unknown_zone
from schemas.countries import COUNTRIES
from schemas.languages import of_language


class StoreTexts(Part, frozen=True):
    """A store's texts in another language of the brand; what is empty stays in the brand's own."""

    name: str = ""
    address: str = ""


class Store(Item, frozen=True):
    """A store. ``hours`` is the opening_hours syntax of OpenStreetMap, local to ``time_zone`` (IANA).

    Hours may name public holidays (``PH``): those of ``country`` (ISO 3166, by default the brand's) and ``region``
    (ISO 3166-2, e.g. BY or DE-BY); and the sun (``sunrise``, ``sunset``, ``dawn``, ``dusk``): that of ``coordinates``,
    latitude and longitude in degrees. ``country`` also reads national phone numbers that were written in the store.
    ``address`` is what people read, street and place; with ``pick_up`` what is in stock can be picked up there;
    ``texts`` are those of other languages, by their tag.
    """

    section: ClassVar[str] = "stores"
    kind: ClassVar[str] = "store"
    later: ClassVar[frozenset[str]] = frozenset({"address", "pick_up", "texts"})

    name: str
    time_zone: str
    hours: str = "24/7"
    country: str = ""
    region: str = ""
    coordinates: tuple[float, float] | None = None
    address: str = ""
    pick_up: bool = False
    texts: dict[str, StoreTexts] = msgspec.field(default_factory=dict)

    def names(self) -> Iterator[str]:
        """Its name in each language."""
        yield self.name
        yield from (texts.name for texts in self.texts.values())

    def texts_in(self, language: str) -> StoreTexts:
        """Its texts in a language of the brand."""
        found = of_language(self.texts, language) or StoreTexts()
        return StoreTexts(name=found.name or self.name, address=found.address or self.address)

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        # Every process reads brands, and few need a parser of opening hours.
        from schemas.brand.opening import hours_of
        from schemas.brand.opening_check import opening_mistakes

        yield from foreign_languages("texts", self.texts, brand)
        if self.country:
            yield from unknown_code("country", self.country, COUNTRIES, "an ISO 3166 code such as DE")
        if mistakes := tuple(unknown_zone("time_zone", self.time_zone)):
            yield from mistakes
            return
        yield from opening_mistakes(hours_of(self, brand.about.country), self.country)
