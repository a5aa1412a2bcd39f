"""Blocks: records that share one are compared with each other and with no others.

The blocking keys of a contact come with its traits, because they need the raw values. Those of a visit are made of
place and time: two visits to a store within five minutes of each other share one.
"""

from typing import Final

import msgspec

from schemas.matching.encoding import FILTER_BYTES, encode
from schemas.matching.traits import FIELDS, GENERATIONS, PROPERTY, VISIT, Traits

MAX_RECORDS: Final = 50
"""How many records a block holds. With more it is oversized: what so many share distinguishes nobody (a default date of
birth in a form, a house with all its flats), and each new record would be compared with all of them."""
WINDOW_US: Final = 10 * 60 * 1_000_000
"""Windows overlap by half, so two visits within five minutes of each other share at least one."""
_PLACE_KEY: Final = b"no secret: stores and times stand beside it"


class _Properties(msgspec.Struct, frozen=True):
    traits: Traits | None = None


_read = msgspec.json.Decoder(_Properties).decode


class InvalidTraits(ValueError):
    """The traits of an event cannot be read; the message says why and repeats no value."""


def has_traits(properties: str) -> bool:
    """Whether a touchpoint may have traits; False is certain."""
    return f'"{PROPERTY}"' in properties


def traits_of(properties: str, store: str, occurred_at: int) -> Traits | None:
    """The traits of a touchpoint with all their blocking keys; None when it has none.

    :param properties: those of the touchpoint, as JSON. :param occurred_at: in microseconds.
    :raises InvalidTraits: a producer other than the gateway wrote them.
    """
    if not has_traits(properties):
        return None
    try:
        traits = _read(properties).traits
    except msgspec.DecodeError as error:
        raise InvalidTraits("are no traits") from error
    if traits is None:
        return None
    validate(traits)
    return _with_place(traits, store, occurred_at) if traits.record_type == VISIT else traits


def validate(traits: Traits) -> None:
    """:raises InvalidTraits: an unknown record type or field, or a filter of the wrong size or without a bit."""
    if (
        traits.record_type not in FIELDS
        or not traits.filters.keys() - {*GENERATIONS} <= FIELDS[traits.record_type].keys()
    ):
        raise InvalidTraits("have an unknown record type or field")
    if any(len(bits) != FILTER_BYTES or not any(bits) for bits in traits.filters.values()):
        raise InvalidTraits("have a filter of the wrong size or without a bit")


def _with_place(traits: Traits, store: str, occurred_at: int) -> Traits:
    """A visit with the keys and the trait of its place and time; strangers are seldom in one store at one time, so the
    trait counts in the score too."""
    device = traits.filters.get("device_model")
    if not store or device is None:
        return traits
    now = occurred_at // (WINDOW_US // 2)
    windows = [f"{store}/{window}" for window in (now - 1, now)]
    filters = traits.filters | {"place": encode(windows, "place", _PLACE_KEY)}
    return Traits(traits.record_type, filters, tuple(f"visit:{window}/{device.hex()}" for window in windows))
