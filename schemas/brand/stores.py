"""Section ``stores``."""

from collections.abc import Iterator
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from schemas.brand.item import Item, Mistake, Sections, unknown_code
from schemas.brand.suggestions import closest
from schemas.countries import COUNTRIES


class Store(Item, frozen=True):
    """A store. ``hours`` is the opening_hours syntax of OpenStreetMap, local to ``time_zone`` (IANA).

    Hours may name public holidays (``PH``): those of ``country`` (ISO 3166, by default the brand's) and ``region``
    (ISO 3166-2, e.g. BY or DE-BY); and the sun (``sunrise``, ``sunset``, ``dawn``, ``dusk``): that of ``coordinates``,
    latitude and longitude in degrees. ``country`` also reads national phone numbers that were written in the store.
    """

    section: ClassVar[str] = "stores"
    kind: ClassVar[str] = "store"

    name: str
    time_zone: str
    hours: str = "24/7"
    country: str = ""
    region: str = ""
    coordinates: tuple[float, float] | None = None

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        # Every process reads brands, and few need a parser of opening hours.
        from schemas.brand.opening import hours_of
        from schemas.brand.opening_check import opening_mistakes

        if self.country:
            yield from unknown_code("country", self.country, COUNTRIES, "an ISO 3166 code such as DE")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            near = closest(self.time_zone, available_timezones())
            meant = f"; did you mean {near!r}?" if near else ""
            yield "time_zone", f"no time zone {self.time_zone!r}{meant}; see the IANA names, e.g. Europe/Berlin"
            return
        yield from opening_mistakes(hours_of(self, brand.about.country), self.country)
