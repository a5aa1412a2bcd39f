"""Traits: what a sender tells about a person or a device, encoded so that it can be compared and not be read.

``encode_traits`` is the gateway's: names and addresses end there. Everybody else knows filters and blocks alone.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import jellyfish
import msgspec

from schemas.likeness.encoding import encode, pairs_of_letters, places_of_digits, plain, token, whole
from schemas.placeholders import is_placeholder

CONTACT: Final = "contact"
VISIT: Final = "visit"
MAX_CHARS: Final = 200
"""Of one property; what follows is cut off."""
PROPERTY: Final = "traits"
"""Where an event's properties carry them."""

_Pieces = Callable[[str], list[str]]
FIELDS: Final[dict[str, dict[str, _Pieces]]] = {
    CONTACT: {
        "given_name": pairs_of_letters,
        "family_name": pairs_of_letters,
        "house_number": places_of_digits,
        "street": pairs_of_letters,
        "address_extra": pairs_of_letters,
        "city": pairs_of_letters,
        "postal_code": places_of_digits,
        "region": whole,
        "birth_date": places_of_digits,
        "national_id": places_of_digits,
    },
    VISIT: {
        "device_model": whole,
        "os": pairs_of_letters,
        "browser": pairs_of_letters,
        "language": whole,
        "screen": whole,
        "network": whole,
        "place": whole,
    },
}
"""The properties that are traits, by sort, and into what pieces each is cut. ``place`` is where and when a visit was;
the stream sets it, see blocks.py."""
NAMES: Final = ("given_name", "family_name")
"""Written into each other's place often enough that they are compared both ways; a contact's first two fields."""
RAW: Final = frozenset(FIELDS[CONTACT])
"""Properties that no topic may carry as they were sent."""


class Traits(msgspec.Struct, frozen=True, gc=False):
    """One record of a sort. ``filters`` has a Bloom filter for each property that was there; ``blocks`` are keyed
    hashes: records that share none of them are never compared."""

    sort: str
    filters: dict[str, bytes]
    blocks: tuple[str, ...] = ()


def encode_traits(properties: Mapping[str, Any], key: bytes) -> Traits | None:
    """The traits that an event's properties tell; None when there are none.

    What tells of a person comes before what tells of a device. :param key: secret of the deployment, the one that
    identifiers are hashed with.
    """
    for sort, fields in FIELDS.items():
        values = {name: text for name in fields if name in properties and (text := _value(name, properties[name]))}
        if values:
            filters = {name: encode(fields[name](text), _space(name), key) for name, text in values.items()}
            return Traits(sort, filters, _blocks(values, key) if sort == CONTACT else ())
    return None


def _value(name: str, sent: Any) -> str:
    if not isinstance(sent, str | int) or isinstance(sent, bool):
        return ""
    text = str(sent)[:MAX_CHARS]
    # Some people are called Guest or Blank.
    return "" if name not in NAMES and is_placeholder(name, text) else plain(text)


def _space(name: str) -> str:
    return "name" if name in NAMES else name


def _blocks(values: Mapping[str, str], key: bytes) -> tuple[str, ...]:
    """Where a contact is looked for: a slip in one place, or names in each other's place, leave some block as it was.

    Each names few people among millions. Wider ones, such as a day of birth alone, found 1 % more of FEBRL's pairs, and
    would be crowded where there are that many.
    """
    given, family = values.get("given_name", ""), values.get("family_name", "")
    born, code = values.get("birth_date", ""), values.get("postal_code", "")
    candidates = (
        ("national_id", [values.get("national_id", "")]),
        ("birth_date", [born, given[:1]]),
        ("birth_date", [born, family[:1]]),
        ("names", sorted((jellyfish.metaphone(given), jellyfish.metaphone(family)))),
        ("birth_year", [code, born[:4]]),
        ("house", [code, values.get("house_number", "")]),
    )
    return tuple(dict.fromkeys(f"{kind}:{token(parts, kind, key)}" for kind, parts in candidates if all(parts)))
