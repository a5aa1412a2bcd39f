"""Times, amounts and ids out of what senders write."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from gateway.incoming import Invalid
from schemas.identifiers import Pseudonyms

MICRO = 1_000_000
EARLIEST = 946_684_800 * MICRO
"""Start of the year 2000 in microseconds."""
AHEAD = 24 * 3600 * MICRO
"""How far a sender's clock may be ahead of ours, in microseconds."""
MAX_UNIT_DIGITS = 12
"""What ClickHouse's Decimal(18, 6) holds."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AMOUNT = re.compile(rf"([0-9]{{1,{MAX_UNIT_DIGITS}}})(?:\.([0-9]{{1,6}}))?")
_NUMBER = re.compile(r"(-?)[0-9]+(?:\.[0-9]+)?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-?)(?:[0-9a-fA-F]{4}\1){3}[0-9a-fA-F]{12}")
_LETTER = re.compile(r"[A-Za-z]")
_LONG_NUMBER = re.compile(r"[0-9]{10,}")
_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def micros_of(occurred_at: datetime, now: int) -> int:
    """A time in microseconds since 1970 UTC. :raises Invalid: before 2000, or more than a day after ``now``."""
    since = occurred_at - _EPOCH
    micros = (since.days * 86_400 + since.seconds) * MICRO + since.microseconds
    if micros < EARLIEST:
        raise Invalid("occurred_at", "is before the year 2000")
    if micros > now + AHEAD:
        raise Invalid("occurred_at", "is more than 24 hours in the future")
    return micros


def amount_of(value: Any, field: str) -> int:
    """Money in millionths. :raises Invalid: not an exact, possible amount of zero or more."""
    if isinstance(value, Decimal):
        value = format(value, "f") if abs(value.adjusted()) < 40 else str(value)
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**40:
        value = str(value)
    if not isinstance(value, str):
        raise Invalid(field, 'must be a decimal string such as "12.50"')
    if found := _AMOUNT.fullmatch(value):
        return int(found[1]) * MICRO + int((found[2] or "").ljust(6, "0"))
    number = _NUMBER.fullmatch(value)
    if number is None:
        raise Invalid(field, 'must be a decimal string such as "12.50"')
    if number[1]:
        raise Invalid(field, "must not be negative")
    if len(value.partition(".")[2]) > 6:
        raise Invalid(field, "has more than 6 decimals")
    raise Invalid(field, f"has more than {MAX_UNIT_DIGITS} digits before the point")


def currency_of(value: Any) -> str:
    """:raises Invalid: not three capital letters (ISO 4217)."""
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise Invalid("properties.currency", "must be an ISO 4217 code such as EUR")
    return value


def id_of(value: Any, field: str, pseudonyms: Pseudonyms) -> str:
    """An event id in its one form: a UUID in lower case with dashes, anything else as it is.

    :raises Invalid: no id.
    """
    if not isinstance(value, str):
        raise Invalid(field, "must be text")
    if _UUID.fullmatch(value):
        bare = value.replace("-", "").lower()
        return f"{bare[:8]}-{bare[8:12]}-{bare[12:16]}-{bare[16:20]}-{bare[20:]}"
    if not _ID.fullmatch(value):
        raise Invalid(field, "must be a UUID or 1 to 64 of A-Z a-z 0-9 . _ : -")
    # Numbers joined by dashes often happen to be a phone number somewhere in their middle; a whole id, or a long
    # run of digits in it, seldom does.
    suspects = _LONG_NUMBER.findall(value) if _LETTER.search(value) else [value]
    if any(pseudonyms.scrub(suspect) != suspect for suspect in suspects):
        raise Invalid(field, "holds a phone number")
    return value
