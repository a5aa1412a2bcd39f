"""What is wrong with the holidays that a store's opening hours name: those that are not known where the store is."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from importlib.resources import files

from holidays import country_holidays, list_supported_countries

from schemas.brand.item import Mistake
from schemas.brand.opening import Hours, names_holidays
from schemas.brand.suggestions import suggestion

YEARS_COMPARED = 3
"""Years from now in which the holidays of regions are compared with those of their country."""
_DAY = "Mo|Tu|We|Th|Fr|Sa|Su"
_HOLIDAY_AND_WEEKDAY = re.compile(rf"PH\s+(?:{_DAY})\b")
_FROM_HOLIDAY = re.compile(r"PH\s*[-+]?\s*\d+\s*days?\b")


def holiday_mistakes(text: str, hours: Hours, store_country: str) -> Iterator[Mistake]:
    """:param text: the hours without what is quoted. :param store_country: that of the store itself, or empty."""
    if re.search(r"\bSH\b", text):
        yield "hours", "school holidays (SH) are not known; write their dates, e.g. 2027 Feb 01-2027 Feb 06 10:00-16:00"
    country, region = hours.country, hours.region
    regions = list_supported_countries(include_aliases=False)
    if region and region not in regions.get(country, ()):
        yield "region", f"no region {region!r} in {country}{suggestion(region, regions.get(country, ()))}"
    if not names_holidays(text):
        return
    if _HOLIDAY_AND_WEEKDAY.search(text):
        yield "hours", "PH and weekdays must be joined by a comma, for either of them; PH on some weekdays is not known"
    if _FROM_HOLIDAY.search(text):
        yield "hours", "days before or after a public holiday (PH) are not supported; write their dates"
    zone_country = _country_of_zone().get(hours.time_zone, country)
    if not store_country and zone_country != country:
        yield (
            "hours",
            f"name public holidays (PH), and {hours.time_zone} is in {zone_country}, not in the brand's {country}: "
            "give the store's country",
        )
    elif country not in regions:
        yield "hours", f"name public holidays (PH), and those of {country} are not known; write their dates"
    elif not region and (different := _regions_with_other_holidays(country)):
        yield (
            "hours",
            f"name public holidays (PH), and regions of {country} have other ones than the country: give the store's "
            f"region, e.g. {', '.join(different[:5])}",
        )


@lru_cache(64)
def _regions_with_other_holidays(country: str) -> tuple[str, ...]:
    years = range(datetime.now().year, datetime.now().year + YEARS_COMPARED)
    everywhere = set(country_holidays(country, years=years))
    regions = list_supported_countries(include_aliases=False)[country]
    return tuple(one for one in regions if set(country_holidays(country, subdiv=one, years=years)) != everywhere)


@lru_cache(1)
def _country_of_zone() -> dict[str, str]:
    """ISO 3166 code of each time zone that is within one country (tz database, zone.tab)."""
    lines = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return {row[2]: row[0] for row in rows}
