"""The inputs of expressions that an event and the brand say, whoever evaluates; of a place without a store, or without
what it needs, they are unknown (``schemas.expressions.inputs``)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from schemas.brand.model import Brand
from schemas.brand.opening import WEEKDAYS, Hours, hours_of, is_public_holiday, minutes_until_closing
from schemas.events import TouchpointIdentified

MICROS: Final = 1_000_000
DAYPARTS: Final = ((6, "night"), (11, "morning"), (14, "noon"), (18, "afternoon"), (24, "evening"))
"""Until which hour each part of the day goes."""

Read = Callable[[TouchpointIdentified, Brand], Any]


def values_of(names: tuple[str, ...], event: TouchpointIdentified, brand: Brand) -> dict[str, Any]:
    """The values of those of the named inputs that are known here."""
    found = dict(clock_values(names, event, brand))
    for name in names:
        if name in READ:
            value = READ[name](event, brand)
            if value is not None:
                found[name] = value
    return found


def clock_values(names: tuple[str, ...], event: TouchpointIdentified, brand: Brand) -> Mapping[str, Any]:
    """The values of those of the named inputs that the clock of the event's store says."""
    store = brand.stores.get(event.store)
    if store is None:
        return {}
    return _at_minute(names, hours_of(store, brand.about.country), event.occurred_at // (60 * MICROS))


@lru_cache(maxsize=4096)
def _at_minute(names: tuple[str, ...], hours: Hours, minute: int) -> Mapping[str, Any]:
    local = datetime.fromtimestamp(minute * 60, ZoneInfo(hours.time_zone)).replace(tzinfo=None)
    values = {name: CLOCK[name](hours, local) for name in names if name in CLOCK}
    return {name: value for name, value in values.items() if value is not None}


def _daypart(hours: Hours, local: datetime) -> str:
    return next(part for until, part in DAYPARTS if local.hour < until)


def _country(event: TouchpointIdentified, brand: Brand) -> str | None:
    store = brand.stores.get(event.store)
    return None if store is None else store.country or brand.about.country or None


def _category(event: TouchpointIdentified, brand: Brand) -> str | None:
    product = brand.products.get(event.product)
    return None if product is None else product.category or None


def _amount(event: TouchpointIdentified, brand: Brand) -> float | None:
    return None if event.amount_micros is None else event.amount_micros / MICROS


READ: Final[Mapping[str, Read]] = {
    "event.type": lambda event, brand: event.type,
    "event.trust": lambda event, brand: event.trust,
    "event.trust_reasons": lambda event, brand: list(event.trust_reasons),
    "event.campaign": lambda event, brand: event.campaign or None,
    "event.amount": _amount,
    "event.currency": lambda event, brand: event.currency or None,
    "tag.id": lambda event, brand: event.tag or None,
    "tag.placement": lambda event, brand: event.placement or None,
    "store.id": lambda event, brand: event.store or None,
    "store.country": _country,
    "product.id": lambda event, brand: event.product or None,
    "product.category": _category,
}
CLOCK: Final[Mapping[str, Callable[[Hours, datetime], Any]]] = {
    "time.hour": lambda hours, local: local.hour,
    "time.minute": lambda hours, local: local.minute,
    "time.weekday": lambda hours, local: WEEKDAYS[local.weekday()],
    "time.date": lambda hours, local: local.date().isoformat(),
    "time.daypart": _daypart,
    "time.public_holiday": lambda hours, local: is_public_holiday(hours.country, hours.region, local.date()),
    "store.minutes_until_closing": minutes_until_closing,
}
"""Read off the hours of a store and the minute on its clock (naive)."""
