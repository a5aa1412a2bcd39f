"""Parsing of single values: times, amounts, currencies and event ids as senders write them."""

import re
from collections.abc import Container
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from gateway.events_api.errors import ValidationError
from gateway.events_api.inputs import MAX_QUANTITY
from schemas.currencies import MINOR_UNITS
from schemas.identifiers.pseudonyms import Pseudonyms
from schemas.ids import SLASH, event_id_of
from schemas.reasons import RejectReason
from schemas.text import has_control_characters, name_form

MICROS_PER_UNIT = 1_000_000
EARLIEST_US = 946_684_800 * MICROS_PER_UNIT
"""Start of the year 2000 in microseconds."""
LATEST_US = 4_102_444_800 * MICROS_PER_UNIT
"""Start of the year 2100 in microseconds."""
MAX_AHEAD_US = 24 * 3600 * MICROS_PER_UNIT
"""How far a sender's clock may be ahead, in microseconds."""
MAX_UNIT_DIGITS = 12
"""Digits before the point in ClickHouse's Decimal(18, 6)."""
UNITS_END = 10**MAX_UNIT_DIGITS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}):([0-9]{2})(?:\.([0-9]+))?([Zz]|[+-][0-9]{2}:?[0-9]{2})"
)
MAX_AMOUNT_CHARS = MAX_UNIT_DIGITS + 8
"""A sign, the digits of the units, a point, six digits."""
_AMOUNT = re.compile(rf"(-?)([0-9]{{1,{MAX_UNIT_DIGITS}}})(?:\.([0-9]{{1,6}}))?")
_NUMBER = re.compile(r"(-?)[0-9]+(?:\.[0-9]+)?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-?)(?:[0-9a-fA-F]{4}\1){3}[0-9a-fA-F]{12}")
_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_NAMESPACE = re.compile(r"[\w.-]{1,100}")


def parse_time(occurred_at: str, now: int) -> int:
    """A time of RFC 3339 in microseconds since 1970 UTC.

    Fractions of a microsecond are cut off. A leap second (23:59:60 UTC) is the last microsecond before it: it stays in
    its day, and after all that came before it.

    :raises ValidationError: no such time, without an offset, before 2000, or more than a day after ``now``.
    """
    found = _TIME.fullmatch(occurred_at)
    if found is None:
        raise _no_time("must be a time of RFC 3339 with its offset, such as 2026-03-01T09:30:00Z")
    day, minute, second, fraction, offset = found.groups()
    leap = second == "60"
    try:
        time = datetime.fromisoformat(f"{day}T{minute}:{'59' if leap else second}{offset.upper()}")
        since = time - _EPOCH
    except ValueError:
        raise _no_time("is no time that exists") from None
    seconds = since.days * 86_400 + since.seconds
    if leap and seconds % 86_400 != 86_399:
        raise _no_time("is no time that exists")
    micros = seconds * MICROS_PER_UNIT + (999_999 if leap else int((fraction or "").ljust(6, "0")[:6]))
    if micros < EARLIEST_US:
        raise ValidationError("occurred_at", "is before the year 2000")
    if micros > now + MAX_AHEAD_US:
        raise ValidationError("occurred_at", "is more than 24 hours in the future")
    return micros


def parse_end(text: str, field: str, after: int) -> str:
    """A time at which something ends, as UTC in RFC 3339 with microseconds.

    :param after: in microseconds; it must be later.
    :raises ValidationError: no such time, not later, or after the year 2100.
    """
    try:
        micros = parse_time(text, LATEST_US - MAX_AHEAD_US)
    except ValidationError as error:
        late = "is after the year 2100" if "in the future" in error.detail else error.detail
        raise ValidationError(field, late, error.reason) from None
    if micros <= after:
        raise ValidationError(field, "must be later than occurred_at")
    return (_EPOCH + timedelta(microseconds=micros)).isoformat(timespec="microseconds")


def _no_time(detail: str) -> ValidationError:
    return ValidationError("occurred_at", detail, RejectReason.MALFORMED)


def parse_amount(value: Any, field: str, signed: bool = False) -> int:
    """Money, or a quantity, in millionths of its unit.

    :param signed: whether it may be negative.
    :raises ValidationError: not a decimal with at most 12 digits before the point and 6 after it, or below zero.
    """
    if type(value) is int and -UNITS_END < value < UNITS_END:
        return _of_sign(value * MICROS_PER_UNIT, field, signed)
    if isinstance(value, Decimal):
        value = format(value, "f") if abs(value.adjusted()) < 40 else str(value)
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**40:
        value = str(value)
    if not isinstance(value, str):
        raise ValidationError(field, 'must be a decimal string such as "12.50"')
    micros = _micros(value) if len(value) <= MAX_AMOUNT_CHARS else None
    if micros is not None:
        return _of_sign(micros, field, signed)
    number = _NUMBER.fullmatch(value)
    if number is None:
        raise ValidationError(field, 'must be a decimal string such as "12.50"')
    if number[1] and not signed:
        raise ValidationError(field, "must not be negative")
    if len(value.partition(".")[2]) > 6:
        raise ValidationError(field, "has more than 6 decimals")
    raise ValidationError(field, f"has more than {MAX_UNIT_DIGITS} digits before the point")


def _of_sign(micros: int, field: str, signed: bool) -> int:
    if micros < 0 and not signed:
        raise ValidationError(field, "must not be negative")
    return micros


@lru_cache(4096)
def _micros(text: str) -> int | None:
    """Millionths of a decimal; None when it is none. Cached: tills have few different prices and quantities."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return None
    micros = int(found[2]) * MICROS_PER_UNIT + int((found[3] or "").ljust(6, "0"))
    return -micros if found[1] else micros


def parse_units(value: Any, field: str) -> int:
    """Units on hand. Shops that oversell report fewer than none, which is none. 5.0 is 5, as in JSON Schema 2020-12
    (section 4.2.3 of its core).

    :raises ValidationError: not a whole number, or too large.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValidationError(field, "must be a number")
    if value < 0:
        return 0
    if value > MAX_QUANTITY:
        raise ValidationError(field, f"is more than {MAX_QUANTITY}")
    if value != int(value):
        raise ValidationError(field, "must be a whole number of units")
    return int(value)


def parse_currency(value: Any) -> str:
    """:raises ValidationError: no code of ISO 4217 in capital letters."""
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise ValidationError("properties.currency", "must be an ISO 4217 code such as EUR")
    if value not in MINOR_UNITS:
        raise ValidationError("properties.currency", f"{value} is no currency of ISO 4217")
    return value


def check_minor_units(micros: int, currency: str, field: str) -> None:
    """:raises ValidationError: money that nobody can pay, such as half a yen."""
    places = MINOR_UNITS.get(currency, 6)
    if micros % 10 ** (6 - places):
        raise ValidationError(field, f"has more decimals than {currency} has: {places}")


def parse_id(value: Any, field: str) -> str:
    """An event id in its canonical form: a UUID in lower case with dashes, anything else unchanged.

    :raises ValidationError: not an id.
    """
    if not isinstance(value, str):
        raise ValidationError(field, "must be text")
    if _CANONICAL.fullmatch(value):
        return value
    if _UUID.fullmatch(value):
        bare = value.replace("-", "").lower()
        return f"{bare[:8]}-{bare[8:12]}-{bare[12:16]}-{bare[16:20]}-{bare[20:]}"
    if not _ID.fullmatch(value):
        raise ValidationError(field, "must be a UUID or 1 to 64 of A-Z a-z 0-9 . _ : -")
    return value


def parse_reference(value: Any, field: str, namespace: str) -> str:
    """The id of another event: of the same namespace, or of the one that the value names before a slash.

    :raises ValidationError: not an id.
    """
    if not isinstance(value, str) or SLASH not in value:
        return event_id_of(namespace, parse_id(value, field))
    named, _, own_id = value.partition(SLASH)
    if not _NAMESPACE.fullmatch(named):
        raise ValidationError(field, "must be an id, or a namespace, a slash and an id")
    return event_id_of(named, parse_id(own_id, field))


def parse_name(text: str, field: str, known: Container[str], pseudonyms: Pseudonyms) -> str:
    """A sender's name for something, in the form that brand and costs have it in too; empty for a blank one.

    :param known: the brand's own names of this sort. E-mail addresses are replaced in all others; digits never are.
    :raises ValidationError: it has control characters.
    """
    if text in known:  # names of the brand are in this form already
        return text
    name = name_form(text)
    if has_control_characters(name):
        raise ValidationError(field, "has control characters")
    return name if name in known else pseudonyms.scrub_addresses(name)


def parse_sku(text: str, field: str, products: Container[str], pseudonyms: Pseudonyms) -> str:
    """A name that must not be blank. :raises ValidationError: it is, or see :func:`parse_name`."""
    sku = parse_name(text, field, products, pseudonyms)
    if not sku:
        raise ValidationError(field, "is blank")
    return sku
