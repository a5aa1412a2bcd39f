"""Traits: attributes of a person or a device, encoded so that they can be compared but not read.

Only the gateway calls ``encode_traits``: raw names and addresses go no further. Other processes know filters and
blocking keys alone.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import jellyfish
import msgspec

from schemas.matching.birth_dates import date_form, generations, year_of
from schemas.matching.encoding import bigrams, encode, exact, keyed_hash, normalise, positional_digits
from schemas.matching.placeholders import is_placeholder_trait, is_sample_person

CONTACT: Final = "contact"
VISIT: Final = "visit"
MAX_CHARS: Final = 200
"""Of one property; the rest is cut off."""
PROPERTY: Final = "traits"
"""The property of an event that has its traits."""

_Pieces = Callable[[str], list[str]]
FIELDS: Final[dict[str, dict[str, _Pieces]]] = {
    CONTACT: {
        "given_name": bigrams,
        "family_name": bigrams,
        "house_number": positional_digits,
        "street": bigrams,
        "address_extra": bigrams,
        "city": bigrams,
        "postal_code": positional_digits,
        "region": exact,
        "birth_date": positional_digits,
        "national_id": positional_digits,
    },
    VISIT: {
        "device_model": exact,
        "os": bigrams,
        "browser": bigrams,
        "language": exact,
        "screen": exact,
        "network": exact,
        "place": exact,
    },
}
"""The properties that are traits, by record type, and how each is cut into pieces. ``place`` is the store and time of a
visit; the processor sets it, see blocks.py."""
GENERATIONS: Final = ("generation", "half_generation")
"""Beside a contact's traits: the year of birth, encoded twice (birth_dates.py). Both differ for dates decades apart."""
NAMES: Final = ("given_name", "family_name")
"""Swapped often enough that they are compared both ways; the first two fields of a contact."""
RAW: Final = frozenset(FIELDS[CONTACT])
"""Properties that no topic may carry unencoded."""


class Traits(msgspec.Struct, frozen=True, gc=False):
    """A record of one type. ``filters`` has a Bloom filter for each property that the event had; ``blocks`` are the
    blocking keys: records that share none of them are never compared."""

    record_type: str
    filters: dict[str, bytes]
    blocks: tuple[str, ...] = ()


def encode_traits(properties: Mapping[str, Any], key: bytes) -> Traits | None:
    """The traits among an event's properties; None when there are none.

    Traits of a contact take precedence over those of a visit. :param key: secret of the deployment, the one that
    identifiers are hashed with.
    """
    for record_type, fields in FIELDS.items():
        values = {name: text for name in fields if name in properties and (text := _value(name, properties[name]))}
        if record_type == CONTACT and is_sample_person(values):
            continue
        if values:
            filters = {name: encode(fields[name](text), _space(name), key) for name, text in values.items()}
            if "birth_date" in values and (year := year_of(str(properties["birth_date"]))) is not None:
                for name, span in zip(GENERATIONS, generations(year), strict=True):
                    filters[name] = encode([span], name, key)
            return Traits(record_type, filters, _blocks(values, key) if record_type == CONTACT else ())
    return None


def _value(name: str, raw: Any) -> str:
    if not isinstance(raw, str | int) or isinstance(raw, bool):
        return ""
    text = str(raw)[:MAX_CHARS]
    if is_placeholder_trait(name, date_form(text) if name == "birth_date" else text):
        return ""
    return date_form(text) if name == "birth_date" else normalise(text)


def _space(name: str) -> str:
    return "name" if name in NAMES else name


def _blocks(values: Mapping[str, str], key: bytes) -> tuple[str, ...]:
    """The blocking keys of a contact: an error in one field, or swapped names, leaves at least one unchanged.

    Each key is shared by few people among millions. Wider ones, such as the date of birth alone, found 1 % more of
    FEBRL's pairs, and their blocks would be oversized among that many.
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
    return tuple(dict.fromkeys(f"{kind}:{keyed_hash(parts, kind, key)}" for kind, parts in candidates if all(parts)))
