"""Blocks: records that share one are compared with each other, and with nobody else.

A contact's blocks come with its traits, for they need the raw values. A visit's are where and when it was: two visits
to a store within five minutes of each other share one.
"""

from typing import Final

import msgspec

from schemas.likeness.encoding import FILTER_BYTES, encode
from schemas.likeness.traits import FIELDS, PROPERTY, VISIT, Traits

MAX_RECORDS: Final = 50
"""How many records a block holds. More make it crowded: what so many share tells nobody apart (a day of birth that a
form fills in, one house with all its flats), and each newcomer would be compared with all of them."""
WINDOW_US: Final = 10 * 60 * 1_000_000
"""Windows overlap by half: whatever happens within five minutes is in one of them together."""
_PLACE_KEY: Final = b"no secret: stores and times stand beside it"


class _Told(msgspec.Struct, frozen=True):
    traits: Traits | None = None


_read = msgspec.json.Decoder(_Told).decode


class BadTraits(ValueError):
    """The traits of an event are none; the message says why and repeats nothing."""


def traits_of(properties: str, store: str, occurred_at: int) -> Traits | None:
    """The traits that a touchpoint tells, with all their blocks; None when it tells none.

    :param properties: the touchpoint's, as JSON. :param occurred_at: in microseconds.
    :raises BadTraits: somebody else than the gateway wrote them.
    """
    if f'"{PROPERTY}"' not in properties:
        return None
    try:
        traits = _read(properties).traits
    except msgspec.DecodeError as error:
        raise BadTraits("are no traits") from error
    if traits is None:
        return None
    check(traits)
    return _placed(traits, store, occurred_at) if traits.sort == VISIT else traits


def check(traits: Traits) -> None:
    """:raises BadTraits: a sort or field that there is none of, or no filter."""
    if traits.sort not in FIELDS or not traits.filters.keys() <= FIELDS[traits.sort].keys():
        raise BadTraits("have a sort or a field that there is none of")
    if any(len(bits) != FILTER_BYTES or not any(bits) for bits in traits.filters.values()):
        raise BadTraits("have a filter that is none")


def _placed(traits: Traits, store: str, occurred_at: int) -> Traits:
    """A visit by its place and time, which weigh too: strangers are seldom in one store at the same time."""
    device = traits.filters.get("device_model")
    if not store or device is None:
        return traits
    now = occurred_at // (WINDOW_US // 2)
    windows = [f"{store}/{window}" for window in (now - 1, now)]
    filters = traits.filters | {"place": encode(windows, "place", _PLACE_KEY)}
    return Traits(traits.sort, filters, tuple(f"visit:{window}/{device.hex()}" for window in windows))
